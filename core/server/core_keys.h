// The one table of the keys that the core has: reading them, refusing unknown ones, --print-config and the tests of
// etc/wshub.ini and docs/configuration.md all follow from it. Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/settings.h"

namespace wshub::server {

struct CoreKey {
    std::string section, key;
    std::string default_value;
    std::string form;        // "a whole number from 0 to 65535": what would do, for errors and documents
    std::string sentence;    // what it is for
    bool is_path = false;    // made absolute before set() sees it, unless empty
    bool is_secret = false;  // never shown
    // Checks and stores. False: `form` says what would have done, nothing was stored.
    std::function<bool(Settings&, std::string_view)> set;
};

// In the order of the documents: sections together.
const std::vector<CoreKey>& core_keys();

// Null if there is none.
const CoreKey* find_core_key(std::string_view section, std::string_view key);

}  // namespace wshub::server

// A name in a namespace as the key of a table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/keyed_hash.h"

namespace wshub::hub {

struct NameRef {
    std::size_t namespace_id;
    std::string_view name;
};

struct NameKey {
    std::size_t namespace_id;
    std::string name;
    operator NameRef() const { return {namespace_id, name}; }

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(NameRef key) const { return base::keyed_hash(key.name, key.namespace_id); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(NameRef a, NameRef b) const { return a.namespace_id == b.namespace_id && a.name == b.name; }
    };
};

}  // namespace wshub::hub

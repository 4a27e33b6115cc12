// Why a plugin is refused: the operator's or the author's to mend.
#pragma once

#include <stdexcept>

namespace wshub::host {

class PluginError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace wshub::host

#include "host/descriptor.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "base/log.h"
#include "base/setting.h"

namespace wshub::host {
namespace {

template <std::size_t size>
std::string text(const char (&field)[size]) {
    return base::log::printable(std::string_view(field, ::strnlen(field, size)));
}

std::string abi(unsigned major, unsigned minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

void check_abi(const wshub_desc& descriptor) {
    const std::string sdk = " (plugin SDK " + text(descriptor.sdk) + ")";
    if (descriptor.abi_major != WSHUB_ABI_MAJOR) {
        throw PluginError("built for plugin ABI " + std::to_string(descriptor.abi_major) + ", this server speaks ABI " +
                          std::to_string(WSHUB_ABI_MAJOR) + sdk);
    }
    if (descriptor.abi_min_minor > WSHUB_ABI_MINOR) {
        throw PluginError("needs plugin ABI " + abi(descriptor.abi_major, descriptor.abi_min_minor) +
                          " or newer, this server has " + abi(WSHUB_ABI_MAJOR, WSHUB_ABI_MINOR) + sdk);
    }
}

void check_sanitizers(const wshub_desc& descriptor) {
    constexpr std::uint32_t kSanitizers = WSHUB_PF_ASAN | WSHUB_PF_TSAN;
    if ((descriptor.flags & kSanitizers & ~std::uint32_t{WSHUB_SANITIZER_FLAG}) == 0) return;
    throw PluginError("built with a sanitizer this server was not built with (" + text(descriptor.build) + ")");
}

std::string_view trim(std::string_view item) {
    const std::size_t first = item.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return item.substr(first, item.find_last_not_of(' ') - first + 1);
}

std::vector<Requirement> read_requirements(const std::string& list) {
    std::vector<Requirement> requirements;
    for (const std::string& item : base::parse_list(list)) {
        const std::size_t sign = item.find(">=");
        Requirement requirement{std::string(trim(item.substr(0, sign))), {}};
        if (sign != std::string::npos) requirement.least = trim(std::string_view(item).substr(sign + 2));
        if (!is_plugin_name(requirement.name) || (sign != std::string::npos && requirement.least.empty())) {
            throw PluginError("requires '" + item + "', which is not of the form name or name>=version");
        }
        requirements.push_back(std::move(requirement));
    }
    return requirements;
}

// The first four numbers of a version.
std::array<unsigned, 4> version_numbers(std::string_view version) {
    std::array<unsigned, 4> numbers{};
    const char* p = version.data();
    const char* const end = p + version.size();
    for (unsigned& number : numbers) {
        p = std::from_chars(p, end, number).ptr;
        if (p == end || *p != '.') break;
        ++p;
    }
    return numbers;
}

}  // namespace

bool is_plugin_name(std::string_view name) {
    return !name.empty() && name.size() < sizeof(wshub_desc::name) && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

bool version_at_least(std::string_view version, std::string_view least) {
    return version_numbers(version) >= version_numbers(least);
}

Descriptor read_descriptor(const ElfFacts& facts) {
    if (!facts.descriptor) {
        throw PluginError(facts.has_entry ? "exports wshub_plugin_entry_v1 but carries no wshub descriptor note"
                                          : "not a wshub plugin (no wshub descriptor: use WSHUB_PLUGIN(...))");
    }
    const wshub_desc& from = *facts.descriptor;
    check_abi(from);
    constexpr std::size_t kFirstSize = offsetof(wshub_desc, requires_) + sizeof(wshub_desc::requires_);  // in ABI 1.0
    if (from.size < kFirstSize) throw PluginError("the wshub descriptor is too short");
    if (!facts.has_entry) throw PluginError("wshub_plugin_entry_v1 is not exported (version script or visibility?)");
    check_sanitizers(from);

    Descriptor descriptor;
    descriptor.name = text(from.name);
    if (descriptor.name.empty()) throw PluginError("the descriptor has no plugin name");
    if (!is_plugin_name(descriptor.name)) {
        throw PluginError("the name '" + descriptor.name + "' may hold lower case letters, digits, '_' and '-' only");
    }
    descriptor.version = text(from.version);
    descriptor.build = text(from.build);
    descriptor.abi_major = from.abi_major;
    descriptor.abi_minor = from.abi_minor;
    descriptor.serial = (from.flags & WSHUB_PF_SERIAL) != 0;
    descriptor.requirements = read_requirements(text(from.requires_));
    return descriptor;
}

}  // namespace wshub::host

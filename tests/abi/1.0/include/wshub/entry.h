// What makes a class a loadable plugin: the functions behind the entry symbol, and the descriptor. Part of plugin.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>

#include "plugin.h"

namespace wshub {
namespace detail {

inline void set_error(wshub_err* error, std::int32_t code, const char* what) noexcept {
    if (!error) return;
    error->code = code;
    if (!error->msg || error->cap == 0) return;
    const std::size_t length = std::min<std::size_t>(std::strlen(what), error->cap - 1);
    std::memcpy(error->msg, what, length);
    error->msg[length] = '\0';
}

// Why a plugin that was built with these headers cannot run on that host; null: it can. They call what ABI 1.0 has
// without asking; what came later they ask for by Host::has().
inline const char* unfit_host(const wshub_host_v1* functions) {
    constexpr std::size_t kLeast = offsetof(wshub_host_v1, control) + sizeof(wshub_host_v1::control);
    if (!functions || functions->size < kLeast) return "this server has fewer functions than plugin ABI 1.0";
    return functions->abi_major == WSHUB_ABI_MAJOR ? nullptr : "this server speaks another plugin ABI";
}

// The functions behind the entry symbol: exceptions end here.
template <class Derived>
struct Entry {
    template <class Result, class Function>
    static Result guard(wshub_err* error, Result on_error, Function&& function) noexcept {
        try {
            return function();
        } catch (const Error& e) {
            set_error(error, e.code() < 0 ? e.code() : WSHUB_EINTERNAL, e.what());
        } catch (const std::exception& e) {
            set_error(error, WSHUB_EINTERNAL, e.what());
        } catch (...) {
            set_error(error, WSHUB_EINTERNAL, "unknown exception");
        }
        return on_error;
    }
    static Plugin& of(void* self) { return *static_cast<Plugin*>(self); }

    static void* create(wshub_host* host, const wshub_host_v1* functions, wshub_err* error) {
        if (const char* const unfit = unfit_host(functions)) return set_error(error, WSHUB_ENOSYS, unfit), nullptr;
        return guard<void*>(error, nullptr,
                            [&]() -> void* { return static_cast<Plugin*>(new Derived(Host(host, functions))); });
    }
    static void destroy(void* self) {
        guard<int>(nullptr, 0, [&] { return delete static_cast<Plugin*>(self), 0; });
    }
    static std::int32_t start(void* self, wshub_err* error) {
        return guard<std::int32_t>(error, WSHUB_EINTERNAL, [&] { return of(self).start(), WSHUB_OK; });
    }
    static void stop(void* self) {
        guard<int>(nullptr, 0, [&] { return of(self).stop(), 0; });
    }
    static std::int32_t call(void* self, std::uint32_t kind, wshub_slot slot, const void* data, wshub_err* error) {
        return guard<std::int32_t>(error, WSHUB_EINTERNAL, [&] { return of(self).call(kind, slot, data); });
    }

    static std::int32_t save(void* self, const wshub_sink* sink, wshub_err* error) {
        return guard<std::int32_t>(error, WSHUB_EINTERNAL, [&] {
            const std::string text = of(self).save();
            sink->put(sink->user, text.data(), text.size());
            return WSHUB_OK;
        });
    }
    static std::int32_t restore(void* self, std::uint32_t version, wshub_str text, wshub_err* error) {
        return guard<std::int32_t>(error, WSHUB_EINTERNAL,
                                   [&] { return of(self).restore(version, view(text)), WSHUB_OK; });
    }

    static constexpr wshub_plugin_v1 table() {
        return {sizeof(wshub_plugin_v1), 0, &create, &destroy, &start, &stop, &call, &save, &restore,
                Derived::state_version,  0};
    }
};

}  // namespace detail
}  // namespace wshub

// WSHUB_PLUGIN(Class, "name", "version"), once in a plugin, outside of namespaces. The long form adds flags
// (WSHUB_PF_SERIAL) and the plugins that are started before this one ("rooms>=1.0,users").
#define WSHUB_PLUGIN(Class, name, version) WSHUB_PLUGIN_WITH(Class, name, version, 0, "")
// The table is a variable of this file: as an inline static member it would be STB_GNU_UNIQUE, and a new version of the
// plugin would be bound to the table of the first.
#define WSHUB_PLUGIN_WITH(Class, name, version, flags, requires_plugins)                          \
    WSHUB_DESCRIBE(name, version, flags, requires_plugins);                                       \
    static constexpr wshub_plugin_v1 wshub_plugin_table = ::wshub::detail::Entry<Class>::table(); \
    extern "C" WSHUB_EXPORT const wshub_plugin_v1* wshub_plugin_entry_v1(void) {                  \
        return &wshub_plugin_table;                                                               \
    }

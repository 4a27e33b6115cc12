#include "host/image.h"

#include <dlfcn.h>
#include <link.h>

#include <cstddef>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/log.h"

namespace wshub::host {
namespace {

// Boost.DLL's error codes say "Bad file descriptor" for everything; the dynamic linker says what it is. Its text begins
// with the file's path, which stands in our message already.
std::string linker_error(const std::string& path) {
    const char* const text = ::dlerror();
    if (text == nullptr) return "cannot be loaded";
    std::string message = text;
    if (message.rfind(path + ": ", 0) == 0) message.erase(0, path.size() + 2);
    return message;
}

bool is_mapped(const void* base) {
    std::pair<const void*, bool> state{base, false};
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* user) {
            auto& [wanted, found] = *static_cast<std::pair<const void*, bool>*>(user);
            found = found || reinterpret_cast<const void*>(info->dlpi_addr) == wanted;
            return 0;
        },
        &state);
    return state.second;
}

}  // namespace

Image::Image(PluginFile file) : file_(std::move(file)) {
    const std::string path = std::filesystem::absolute(file_.image()).string();
    boost::dll::fs::error_code failed;
    library_.load(path, failed, boost::dll::load_mode::rtld_now);
    if (failed) throw PluginError(linker_error(path));
    functions_ = library_.get<const wshub_plugin_v1*()>("wshub_plugin_entry_v1")();

    // All of ABI 1.0; later functions are looked for where they are used.
    constexpr std::size_t kLeast = offsetof(wshub_plugin_v1, call) + sizeof(wshub_plugin_v1::call);
    if (functions_ == nullptr || functions_->size < kLeast || functions_->create == nullptr ||
        functions_->destroy == nullptr || functions_->call == nullptr) {
        throw PluginError("incomplete plugin table");
    }
    Dl_info info{};
    if (::dladdr(static_cast<const void*>(functions_), &info) != 0) base_ = info.dli_fbase;
}

Image::~Image() {
    if (!library_.is_loaded()) return;
    if (std::getenv("WSHUB_KEEP_IMAGES") != nullptr) {
        static auto& kept = *new std::vector<boost::dll::shared_library>;  // never destroyed: that would unmap
        kept.push_back(std::move(library_));
        return;
    }
    library_.unload();
    if (base_ == nullptr || !is_mapped(base_)) return;
    base::log::warn("plugin {}: stays mapped after it was unloaded ({})", file_.path.string(),
                    file_.facts.unique.empty()
                        ? "a thread_local with a destructor or another library holds it"
                        : "it exports " + file_.facts.unique.front() +
                              " as STB_GNU_UNIQUE: build with -fno-gnu-unique and the SDK's version script");
}

}  // namespace wshub::host

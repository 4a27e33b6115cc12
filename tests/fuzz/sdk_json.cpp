// The SDK's view of JSON, which plugins run over what clients sent: it agrees with the core's scanner on what is JSON,
// and reading any of it is safe and stays inside the text.
#include <wshub/json.h>

#include <string>

#include "fuzz.h"
#include "protocol/json_scan.h"

using wshub::json::View;

namespace {

void read_all(const View& view, std::string_view whole, int depth) {
    const std::string_view text = view.text();
    fuzz::check(text.data() >= whole.data() && text.data() + text.size() <= whole.data() + whole.size());
    fuzz::check(wshub::protocol::scan_document(text).has_value());
    fuzz::check(view.is_string() || view.str("other") == "other");
    fuzz::check(!view.is_string() || view.str() == wshub::protocol::unescape_string(text));
    (void)view.num();
    (void)view.real();
    (void)view.boolean();
    if (depth == 0) return;
    std::size_t members = 0;
    view.each([&](std::string_view, const View& value) {
        read_all(value, whole, depth - 1);
        return ++members < 50;
    });
    fuzz::check(members == 50 || members == view.size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kDepth = 20;
    const std::string_view text = fuzz::as_text(data, size);
    const auto view = View::parse(text, kDepth);
    fuzz::check(view.has_value() == wshub::protocol::scan_document(text, kDepth).has_value());
    if (view) read_all(*view, text, 6);
    return 0;
}

// JSON and UTF-8: the verdict does not depend on where blocks begin, what passes is UTF-8, and strings survive quoting.
#include "protocol/json_scan.h"

#include <string>

#include "fuzz.h"
#include "protocol/utf8.h"

using namespace wshub::protocol;

namespace {

void check_utf8(std::string_view text) {
    Utf8Checker checker;
    bool legal = true;
    for (fuzz::Pieces pieces(text, text.size()); legal && !pieces.at_end();) legal = checker.feed(pieces.next());
    fuzz::check((legal && checker.at_boundary()) == is_utf8(text));
}

void check_quoting(std::string_view text) {
    std::string quoted;
    append_quoted(quoted, text);
    fuzz::check(scan_document(quoted).has_value() && unescape_string(quoted) == text);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kDepth = 20;
    const std::string_view text = fuzz::as_text(data, size);
    check_utf8(text);
    if (is_utf8(text)) check_quoting(text);

    const auto document = scan_document(text, kDepth);
    const std::string shifted = std::string(1 + size % 16, ' ') + std::string(text);
    const auto again = scan_document(shifted, kDepth);
    fuzz::check(document.has_value() == again.has_value());
    if (!document) {
        fuzz::check(document.error() == again.error());
        return 0;
    }
    fuzz::check(*document == *again && is_utf8(*document));
    fuzz::check(scan_value(*document, kDepth) == document->size());
    fuzz::check(scan_document("{\"k\":[" + std::string(*document) + "]}", kDepth + 2).has_value());
    if (document->front() == '"') check_quoting(unescape_string(*document));
    return 0;
}

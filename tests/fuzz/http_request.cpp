// HTTP requests: the same bytes give the same requests, in one piece and in many.
#include "protocol/http_request.h"

#include <string>
#include <vector>

#include "fuzz.h"

using namespace wshub::protocol;

namespace {

constexpr HttpLimits kLimits{300, 200, 8};

// Takes what is whole; false at the end of the connection.
bool drain(HttpReader& reader, std::string_view piece, std::vector<std::string>& out) {
    std::span<const char> in(piece);
    for (;;) {
        const auto step = reader.next(in);
        if (!step) {
            out.push_back("error " + std::to_string(static_cast<int>(step.error())));
            return false;
        }
        if (*step == HttpReader::Step::kNeedMore) {
            fuzz::check(in.empty());
            return true;
        }
        out.push_back("step " + std::to_string(static_cast<int>(*step)));
        if (*step != HttpReader::Step::kRequest) continue;
        const HttpReader::Request request = reader.take();
        fuzz::check(request.head.text().size() <= kLimits.max_head && request.body.size() <= kLimits.max_body);
        fuzz::check(request.head.headers().size() <= kLimits.max_headers);
        out.push_back(std::string(request.head.text()) + request.body + (request.head.keep_alive() ? "+" : "-") +
                      query_parameter(request.head.query(), "a").value_or("") + std::string(request.head.path()));
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::as_text(data, size);
    std::vector<std::string> whole, cut;
    HttpReader first(kLimits), second(kLimits);
    const bool alive = drain(first, bytes, whole);
    for (fuzz::Pieces pieces(bytes, size); !pieces.at_end();) {
        if (!drain(second, pieces.next(), cut)) break;
    }
    fuzz::check(whole == cut);
    fuzz::check(!alive || (first.in_request() == second.in_request() && first.in_body() == second.in_body()));
    return 0;
}

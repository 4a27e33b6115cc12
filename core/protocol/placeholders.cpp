#include "protocol/placeholders.h"

#include "protocol/json_scan.h"
#include "protocol/plain_run.h"

namespace wshub::protocol {
namespace {

enum class Member : char { kOther, kMark, kNum };

Member member_of(std::string_view quoted) {
    const auto by_name = [](std::string_view name) {
        if (name == "_placeholder") return Member::kMark;
        return name == "num" ? Member::kNum : Member::kOther;
    };
    if (quoted.find('\\') != std::string_view::npos) return by_name(unescape_string(quoted));
    return by_name(quoted.substr(1, quoted.size() - 2));
}

// Nine digits at most: more would be no attachment anyway.
std::size_t number_of(std::string_view token) {
    if (token.empty() || token.size() > 9) return Placeholder::kNoNumber;
    std::size_t number = 0;
    for (const char c : token) {
        if (c < '0' || c > '9') return Placeholder::kNoNumber;
        number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    return number;
}

bool ends_scalar(char c) {
    return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Finder {
public:
    explicit Finder(std::string_view json) : json_(json) {}

    std::vector<Placeholder> run() {
        while (at_ < json_.size()) step();
        return std::move(found_);
    }

private:
    struct Container {
        std::size_t begin = 0;
        std::size_t found_before = 0;  // placeholders, when it began
        bool object = false;
        bool key_next = false;
        Member member = Member::kOther;  // whose value comes
        bool marked = false;
        std::size_t num = Placeholder::kNoNumber;
    };

    void step() {
        switch (json_[at_]) {
            case '[':
            case '{': return open(json_[at_] == '{');
            case ']':
            case '}': return close();
            case ',':
                open_.back().key_next = open_.back().object;
                ++at_;
                return;
            case '"': return string();
            case ':':
            case ' ':
            case '\t':
            case '\n':
            case '\r': ++at_; return;
            default: return scalar();
        }
    }

    void open(bool object) {
        value({});
        open_.push_back({at_++, found_.size(), object, object});
    }

    void close() {
        const Container ended = open_.back();
        open_.pop_back();
        ++at_;
        if (!ended.marked) return;
        found_.resize(ended.found_before);
        found_.push_back({ended.begin, at_, ended.num});
    }

    void string() {
        const char* const begin = json_.data() + at_;
        const char* const end = skip_scanned_string(begin, json_.data() + json_.size());
        const std::string_view token(begin, static_cast<std::size_t>(end - begin));
        at_ += token.size();
        if (open_.empty() || !open_.back().key_next) return value(token);
        open_.back().key_next = false;
        open_.back().member = member_of(token);
    }

    void scalar() {
        const std::size_t begin = at_;
        while (at_ < json_.size() && !ends_scalar(json_[at_])) ++at_;
        value(json_.substr(begin, at_ - begin));
    }

    // What a member is set to; containers count as empty text.
    void value(std::string_view token) {
        if (open_.empty() || !open_.back().object) return;
        Container& in = open_.back();
        if (in.member == Member::kMark) in.marked = token == "true";
        if (in.member == Member::kNum) in.num = number_of(token);
    }

    const std::string_view json_;
    std::size_t at_ = 0;
    std::vector<Container> open_;
    std::vector<Placeholder> found_;
};

}  // namespace

std::vector<Placeholder> find_placeholders(std::string_view json) {
    return Finder(json).run();
}

}  // namespace wshub::protocol

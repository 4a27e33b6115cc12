#include "common/placeholders.h"

#include <utility>

namespace families {

namespace json = wshub::json;

namespace {

constexpr std::string_view kMark = "_placeholder";

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

// Without recursion, and looking at each byte once, however deep clients nest.
class Finder {
public:
    explicit Finder(std::string_view text) : p_(text.data()), end_(text.data() + text.size()) {}

    std::vector<Placeholder> run() {
        while (p_ < end_) step();
        return std::move(found_);
    }

private:
    enum class Member : char { other, mark, num };
    struct Container {
        const char* begin = nullptr;
        std::size_t found_before = 0;
        bool object = false;
        bool key_next = false;
        Member member = Member::other;  // whose value comes
        bool marked = false;
        std::size_t num = Placeholder::kNoNumber;
    };

    void step() {
        switch (*p_) {
            case '{':
            case '[':
                value({});
                open_.push_back({p_, found_.size(), *p_ == '{', *p_ == '{'});
                ++p_;
                return;
            case '}':
            case ']': return close();
            case ',':
                if (!open_.empty()) open_.back().key_next = open_.back().object;
                ++p_;
                return;
            case '"': return string();
            case ':':
            case ' ':
            case '\t':
            case '\n':
            case '\r': ++p_; return;
            default: return scalar();
        }
    }

    void close() {
        ++p_;
        if (open_.empty()) return;
        const Container ended = open_.back();
        open_.pop_back();
        if (!ended.marked) return;
        found_.resize(ended.found_before);
        found_.push_back({std::string_view(ended.begin, static_cast<std::size_t>(p_ - ended.begin)), ended.num});
    }

    void string() {
        const char* const begin = p_;
        p_ = json::detail::skip_string(begin, end_);
        if (open_.empty() || !open_.back().key_next) return value({});
        const std::string_view key(begin + 1, static_cast<std::size_t>(p_ - begin) - 2);
        Container& in = open_.back();
        in.key_next = false;
        in.member = json::detail::equals(key, kMark) ? Member::mark
                                                     : (json::detail::equals(key, "num") ? Member::num : Member::other);
    }

    void scalar() {
        const char* const begin = p_;
        p_ = json::detail::skip_value(begin, end_);
        value(std::string_view(begin, static_cast<std::size_t>(p_ - begin)));
    }

    // What a member is set to, the last time counting; anything but numbers and words is empty.
    void value(std::string_view token) {
        if (open_.empty() || !open_.back().object) return;
        Container& in = open_.back();
        if (in.member == Member::mark) in.marked = token == "true";
        if (in.member == Member::num) in.num = number_of(token);
    }

    const char* p_;
    const char* const end_;
    std::vector<Container> open_;
    std::vector<Placeholder> found_;
};

}  // namespace

std::vector<Placeholder> find_placeholders(std::string_view json) {
    return Finder(json).run();
}

std::string replace_placeholders(std::string_view json,
                                 const std::function<std::string(std::size_t num)>& replacement) {
    std::string out;
    const char* from = json.data();
    for (const Placeholder& each : find_placeholders(json)) {
        out.append(from, each.text.data());
        out += replacement(each.num);
        from = each.text.data() + each.text.size();
    }
    out.append(from, json.data() + json.size());
    return out;
}

}  // namespace families

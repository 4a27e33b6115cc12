#include "common/fields.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace families {

namespace json = wshub::json;

namespace {

// A key that two spellings of the same name share. Surrogates without their other half stay apart, as in JavaScript:
// here they get three bytes of their own.
std::string meaning(std::string_view raw) {
    std::string out;
    const char* p = raw.data();
    const char* const end = p + raw.size();
    while (p < end) {
        if (*p != '\\') {
            out += *p++;
            continue;
        }
        const int code = end - p >= 6 && p[1] == 'u' ? json::detail::hex4(p + 2, end) : 0;
        const bool lone =
            code >= 0xD800 && code <= 0xDFFF &&
            json::detail::has_lone_surrogate(std::string_view(p, end - p >= 12 && code < 0xDC00 ? 12 : 6));
        if (lone) {
            const auto unit = json::detail::encode_utf8(static_cast<std::uint32_t>(code));
            out.append(unit.bytes, unit.size);
            p += 6;
        } else {
            const auto unit = json::detail::read_escape(p, end);
            out.append(unit.bytes, unit.size);
        }
    }
    return out;
}

}  // namespace

Fields::Fields(const json::View& object) {
    if (!object.is_object()) return;
    object.each([this](std::string_view raw_key, json::View value) {
        fields_.push_back({raw_key, value});
        return true;
    });
    keep_each_once();
}

json::View Fields::operator[](std::string_view name) const {
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [name](const Field& field) { return json::detail::equals(field.raw_key, name); });
    return found == fields_.end() ? json::View() : found->value;
}

bool Fields::surely_each_once() const {
    constexpr std::size_t kFew = 16;
    if (fields_.size() > kFew) return false;
    for (auto each = fields_.begin(); each != fields_.end(); ++each) {
        if (json::detail::has_escape(each->raw_key)) return false;
        const auto same = [&each](const Field& other) { return other.raw_key == each->raw_key; };
        if (std::any_of(fields_.begin(), each, same)) return false;
    }
    return true;
}

// By sorting: no object that a client can think of takes much longer than its length.
void Fields::keep_each_once() {
    if (surely_each_once()) return;
    struct Named {
        std::string_view name;
        std::size_t at;
    };
    std::vector<std::string> unescaped;
    unescaped.reserve(fields_.size());  // so that views hold
    std::vector<Named> names;
    names.reserve(fields_.size());
    for (const Field& field : fields_) {
        std::string_view name = field.raw_key;
        if (json::detail::has_escape(name)) name = unescaped.emplace_back(meaning(name));
        names.push_back({name, names.size()});
    }
    std::sort(names.begin(), names.end(),
              [](const Named& a, const Named& b) { return a.name != b.name ? a.name < b.name : a.at < b.at; });
    std::vector<char> doubled;  // empty: none is
    for (std::size_t i = 1, first = 0; i < names.size(); ++i) {
        if (names[i].name != names[first].name) {
            first = i;
            continue;
        }
        doubled.resize(fields_.size());
        doubled[names[i].at] = 1;
        fields_[names[first].at].value = fields_[names[i].at].value;
    }
    if (doubled.empty()) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (doubled[i] == 0) fields_[kept++] = fields_[i];
    }
    fields_.resize(kept);
}

void add_fields(json::Object& object, const Fields& fields, std::initializer_list<std::string_view> without) {
    for (const Field& field : fields) {
        const auto named = [&field](std::string_view name) { return json::detail::equals(field.raw_key, name); };
        if (std::none_of(without.begin(), without.end(), named)) object.add_raw(field.raw_key, field.value);
    }
}

}  // namespace families

#include "masking.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace admin {

namespace json = wshub::json;

namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr unsigned kMostLevels = 32;
constexpr std::string_view kMask = R"("***")";

// A key that has one of these in it is secret.
constexpr std::array<std::string_view, 20> kParts{
    "token",         "passw",          "pwd",    "passphrase", "passcode", "secret",     "key",
    "authorization", "authentication", "oauth",  "bearer",     "jwt",      "credential", "cookie",
    "session",       "signature",      "ticket", "totp",       "cvv",      "private",
};
// These are found in harmless words too ("shipping", "author"), so that they count as words, and at the ends of a key.
constexpr std::array<std::string_view, 2> kEnds{"pin", "otp"};
constexpr std::array<std::string_view, 8> kWords{"auth", "pass", "pw", "sid", "pat", "mfa", "sig", "creds"};

constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_letter(char c) {
    return is_upper(c) || (c >= 'a' && c <= 'z');
}
constexpr char lower(char c) {
    return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}

// "userPin", "user_pin", "USER PIN": user, pin.
std::vector<std::string> words_of(std::string_view key) {
    std::vector<std::string> words;
    bool in_word = false;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const bool letter = is_letter(key[i]);
        const bool hump = letter && is_upper(key[i]) && i > 0 && is_letter(key[i - 1]) && !is_upper(key[i - 1]);
        if (letter && (!in_word || hump)) words.emplace_back();
        if (letter) words.back() += lower(key[i]);
        in_word = letter;
    }
    return words;
}

template <std::size_t count, class Matches>
bool any_of(const std::array<std::string_view, count>& list, Matches matches) {
    return std::any_of(list.begin(), list.end(), matches);
}

void put_masked(std::string& out, const json::View& value, unsigned level);

void put_member(std::string& out, std::string_view raw_key, const json::View& value, unsigned level) {
    out += '"';
    out += raw_key;
    out += "\":";
    if (looks_secret(json::key_text(raw_key))) {
        out += kMask;
    } else {
        put_masked(out, value, level);
    }
}

void put_masked(std::string& out, const json::View& value, unsigned level) {
    if (!value.is_object() && !value.is_array()) {
        json::put(out, value);
        return;
    }
    if (level >= kMostLevels) {
        out += kMask;
        return;
    }
    const bool object = value.is_object();
    out += object ? '{' : '[';
    bool first = true;
    value.each([&](std::string_view raw_key, const json::View& member) {
        if (!first) out += ',';
        first = false;
        if (object) {
            put_member(out, raw_key, member, level + 1);
        } else {
            put_masked(out, member, level + 1);
        }
        return true;
    });
    out += object ? '}' : ']';
}

}  // namespace

bool looks_secret(std::string_view key) {
    // {"_placeholder":true,...} would be taken for the place of an attachment that nobody sent.
    if (key == "_placeholder") return true;
    const std::vector<std::string> words = words_of(key);
    std::string letters;
    for (const std::string& word : words) letters += word;
    const std::string_view all = letters;
    const auto is_word = [&words](std::string_view word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    return any_of(kParts, [all](std::string_view part) { return all.find(part) != std::string_view::npos; }) ||
           any_of(kWords, is_word) || any_of(kEnds, [&](std::string_view end) {
               const bool is_end = all.size() >= end.size() &&
                                   (all.substr(0, end.size()) == end || all.substr(all.size() - end.size()) == end);
               return is_end || is_word(end);
           });
}

json::Raw mask_secrets(const json::View& value) {
    json::Raw masked;
    put_masked(masked.text, value, 0);
    return masked.text.size() > kMostBytes ? json::obj("truncated", true) : masked;
}

}  // namespace admin

#include "tokens.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace auth {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the text up to the separator, which goes too.
std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

std::string_view take_word(std::string_view& rest) {
    rest = trimmed(rest);
    const std::size_t end = std::min(rest.find_first_of(kBlanks), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest = trimmed(rest.substr(end));
    return word;
}

std::variant<Token, Problem> parse_line(std::string_view line) {
    Token token;
    token.name = std::string(take_word(line));
    const auto hash = parse_sha256(take_word(line));
    if (!hash) {
        return "expected: NAME SHA256 [ROLES] [USERNAME], where SHA256 is 64 hexadecimal digits";
    }
    token.hash = *hash;
    std::string_view roles = take_word(line);
    if (roles != "-") {
        while (!roles.empty()) {
            const std::string_view role = take_until(roles, ',');
            if (!is_role(role) || token.roles.size() == kMaxRoles) {
                return "expected roles separated by commas alone, such as admin,editor, or - for none";
            }
            token.roles.emplace_back(role);
        }
    }
    if (!line.empty()) token.username = std::string(line);
    return token;
}

}  // namespace

const Token* find_token(const std::vector<Token>& tokens, std::string_view text) {
    if (text.size() > kMaxTokenBytes) return nullptr;
    const Sha256 hash = sha256(text);
    const Token* found = nullptr;
    for (const Token& token : tokens) {
        if (equal_bytes(token.hash, hash)) found = &token;  // and on to the end all the same
    }
    return found;
}

std::variant<std::vector<Token>, Problem> parse_token_list(std::string_view text) {
    std::vector<Token> tokens;
    while (!text.empty()) {
        const std::string_view token = trimmed(take_until(text, ','));
        if (token.empty()) return "expected tokens separated by commas, none of them empty";
        if (token.size() > kMaxTokenBytes) {
            return "expected tokens of at most " + std::to_string(kMaxTokenBytes) + " bytes";
        }
        tokens.push_back({{}, sha256(token), {}, {}});
    }
    return tokens;
}

std::variant<std::vector<Token>, Problem> parse_token_file(std::string_view text) {
    std::vector<Token> tokens;
    std::set<std::string> names;
    std::set<Sha256> hashes;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = trimmed(take_until(text, '\n'));
        if (line.empty() || line.front() == '#') continue;
        const std::string place = "line " + std::to_string(number) + ": ";
        auto parsed = parse_line(line);
        if (const auto* problem = std::get_if<Problem>(&parsed)) return place + *problem;
        auto& token = std::get<Token>(parsed);
        if (!names.insert(token.name).second) return place + "the name " + token.name + " stands there twice";
        if (!hashes.insert(token.hash).second) return place + "the token of " + token.name + " stands there twice";
        tokens.push_back(std::move(token));
    }
    return tokens;
}

}  // namespace auth

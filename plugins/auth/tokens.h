// The tokens of mode = token. They are kept as hashes, so that neither memory nor the file gives one away.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "digest.h"
#include "grant.h"

namespace auth {

struct Token {
    std::string name;  // for people; empty for those of the INI file
    Sha256 hash;
    std::vector<std::string> roles;
    std::optional<std::string> username;
};

// A longer one is not looked at.
inline constexpr std::size_t kMaxTokenBytes = 4096;

// The one that this text is. The time taken does not depend on which it is, or whether it is any.
const Token* find_token(const std::vector<Token>& tokens, std::string_view text);

// What is wrong, for an operator: "line 3: ...". Never a token.
using Problem = std::string;

// `tokens` of the INI file: separated by commas, blanks around them do not count.
std::variant<std::vector<Token>, Problem> parse_token_list(std::string_view text);

// A tokens_file: in each line a name, the SHA-256 of the token as hexadecimal digits, and, as one likes, roles
// separated by commas ("-": none) and, up to the end of the line, a username. Empty lines and those that begin with #
// do not count.
std::variant<std::vector<Token>, Problem> parse_token_file(std::string_view text);

}  // namespace auth

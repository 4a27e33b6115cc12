// The arguments of an operation: a JSON object, read member by member. What is asked for by no one is refused, so that
// a mistyped name does not pass unseen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace wshub::control {

// Why an operation was not done. Thrown inside of this folder only; whoever asked gets it as an answer.
class Refused : public std::runtime_error {
public:
    Refused(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
    const std::string& code() const { return code_; }

    static Refused format(const std::string& message) { return {"INVALID_FORMAT", message}; }
    static Refused not_found(const std::string& message) { return {"NOT_FOUND", message}; }
    static Refused internal(const std::string& message) { return {"INTERNAL", message}; }

private:
    std::string code_;
};

class Arguments {
public:
    // Throws Refused if the text (empty: none) is no JSON object.
    explicit Arguments(std::string text);
    Arguments(const Arguments&) = delete;

    // Each throws Refused if the value is of another kind; null counts as not given. Nothing, or `otherwise`: not
    // given.
    std::optional<std::string> text(std::string_view name);
    std::string needed_text(std::string_view name);  // not empty
    std::size_t count(std::string_view name, std::size_t otherwise, std::size_t least, std::size_t most);
    bool yes_or_no(std::string_view name, bool otherwise);
    base::milliseconds duration(std::string_view name, base::milliseconds otherwise, base::milliseconds most);
    std::string choice(std::string_view name, std::span<const std::string_view> choices, std::string_view otherwise);
    std::string array(std::string_view name);   // as JSON; "[]" if not given
    std::string object(std::string_view name);  // as JSON; "{}" if not given

    // When all was read: throws Refused if there is a member that was not.
    void end() const;

private:
    std::optional<std::string_view> take(std::string_view name);

    const std::string text_;
    std::map<std::string, std::string_view, std::less<>> members_;  // values as JSON, in text_
    std::set<std::string, std::less<>> known_;
};

}  // namespace wshub::control

// What the console says, as lines for people or as JSON objects for programs. Texts of the other side are made harmless
// for terminals. One thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace wshub::console {

class Output {
public:
    // Called around each line, so that what is being typed stands apart.
    struct Around {
        std::function<void()> before, after;
    };

    Output(std::FILE* out, bool json, const base::Clock& clock) : out_(out), json_(json), clock_(clock) {}
    void set_around(Around around) { around_ = std::move(around); }

    void connected(std::string_view sid, std::string_view nsp, std::string_view transport);
    void event(std::string_view name, std::string_view args);
    void acknowledged(std::string_view name, std::string_view args, double milliseconds);
    void lost(std::string_view reason, base::milliseconds again_in);
    void ended(std::string_view reason);
    void refused(std::string_view message, std::string_view data);
    // Of a command: what did not come out as it should. `where`: "" or "script:3".
    void failed(std::string_view where, std::string_view command, std::string_view reason);
    // Only for people.
    void note(std::string_view text);

    // Nobody reads any more.
    bool closed() const { return closed_; }

private:
    using Facts = std::vector<std::pair<std::string_view, std::string>>;  // values are JSON
    void say(const std::string& text);
    void say_json(std::string_view type, const Facts& facts);
    std::string time() const;

    std::FILE* out_;
    bool json_;
    const base::Clock& clock_;
    Around around_;
    bool closed_ = false;
};

}  // namespace wshub::console

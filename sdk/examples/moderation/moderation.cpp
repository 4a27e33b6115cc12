// A filter in front of other plugins: whatever holds one of the operator's words is refused, and no other plugin sees
// it.
#include <wshub/plugin.h>

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace json = wshub::json;

// The rule, which knows no hub: whether a text holds one of some words. A word is a run of letters and digits; upper
// and lower case are the same for ASCII. Any thread.
class WordList {
public:
    explicit WordList(const std::vector<std::string>& words) {
        for (const std::string& word : words) words_.insert(lowered(word));
    }
    bool empty() const { return words_.empty(); }

    bool held_by(std::string_view text) const {
        std::string word;
        for (const char c : text) {
            if (is_letter(c)) {
                word += lowered(c);
            } else if (!word.empty()) {
                if (words_.count(word) != 0) return true;
                word.clear();
            }
        }
        return words_.count(word) != 0;
    }
    // In any text of the value, however deep; an object's keys are texts too.
    bool held_by(const json::View& value) const {
        if (value.is_string()) return held_by(value.str());
        bool held = false;
        value.each([&](std::string_view raw_key, const json::View& member) {
            held = held_by(json::key_text(raw_key)) || held_by(member);
            return !held;
        });
        return held;
    }

private:
    static char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
    static std::string lowered(std::string text) {
        for (char& c : text) c = lowered(c);
        return text;
    }
    // Every byte of a character that is not ASCII counts as one.
    static bool is_letter(char c) {
        const char lower = lowered(c);
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0;
    }

    std::unordered_set<std::string> words_;
};

struct Moderation : wshub::Plugin {
    // Above other plugins, whose handlers have 0.
    static constexpr int kFirst = 100;

    WordList words{config("words", std::vector<std::string>{}, "Words that no event of a client may hold.")};
    wshub::Counter refused = counter("moderation_refused_total", "Events that were refused for a word");

    explicit Moderation(wshub::Host host) : Plugin(host) {
        const auto look = [this](wshub::Event& event) {
            if (words.empty() || !words.held_by(event.args())) return;
            refused.inc();
            event.fail("REFUSED", "a word in it is not wanted here");
            event.stop();  // handlers behind this one do not run
        };
        on("*", look, kFirst);
    }
};
WSHUB_PLUGIN(Moderation, "moderation", "1.0.0")

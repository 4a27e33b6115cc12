#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cwchar>

#include "console/line_source.h"

namespace wshub::console {
namespace {

char kPrompt[] = "> ";
constexpr int kPromptWidth = 2;
constexpr int kRemembered = 1000;

// The columns that text takes in a terminal.
int width_of(const char* at, const char* end) {
    int columns = 0;
    std::mbstate_t state = {};
    while (at < end) {
        wchar_t character = 0;
        const std::size_t used = std::mbrtowc(&character, at, static_cast<std::size_t>(end - at), &state);
        if (used == 0 || used > static_cast<std::size_t>(end - at)) return columns;
        columns += std::max(::wcwidth(character), 0);
        at += used;
    }
    return columns;
}

// libedit asks for each character, and while there is none the connection is served.
class Typed final : public LineSource {
public:
    Typed() {
        std::setlocale(LC_CTYPE, "");
        editor_ = ::el_init("wshub", stdin, stdout, stderr);
        history_ = ::history_init();
        HistEvent event;
        ::history(history_, &event, H_SETSIZE, kRemembered);
        ::history(history_, &event, H_SETUNIQUE, 1);
        ::el_set(editor_, EL_CLIENTDATA, this);
        ::el_set(
            editor_, EL_PROMPT, +[](EditLine*) { return kPrompt; });
        ::el_set(editor_, EL_EDITOR, "emacs");
        ::el_set(editor_, EL_HIST, history, history_);
        // The terminal is as it was when a signal ends the program.
        ::el_set(editor_, EL_SIGNAL, 1);
        ::el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        ::el_wset(editor_, EL_GETCFN, &Typed::character);
    }
    ~Typed() override {
        ::history_end(history_);
        ::el_end(editor_);
    }
    Typed(const Typed&) = delete;
    Typed& operator=(const Typed&) = delete;

    std::optional<Line> next(const Waiting& waiting) override {
        waiting_ = &waiting;
        editing_ = true;
        // Or it shows the prompt first, and who types in that moment has it shown by the terminal too.
        ::el_set(editor_, EL_PREP_TERM, 1);
        int count = 0;
        const char* const text = ::el_gets(editor_, &count);
        editing_ = false;
        if (text == nullptr || count <= 0) {
            std::fputc('\n', stdout);
            return std::nullopt;
        }
        std::string line(text, static_cast<std::size_t>(count));
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
        if (!line.empty()) {
            HistEvent event;
            ::history(history_, &event, H_ENTER, line.c_str());
        }
        return Line{std::move(line), {}};
    }

    bool interactive() const override { return true; }

    // From the cursor's row up to the prompt's, and everything below is wiped.
    void step_aside() override {
        if (!editing_) return;
        const LineInfo* const line = ::el_line(editor_);
        winsize size = {};
        const int columns = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
        const int rows = (kPromptWidth + width_of(line->buffer, line->cursor)) / columns;
        if (rows > 0) std::printf("\x1b[%dA", rows);
        std::fputs("\r\x1b[J", stdout);
    }
    void come_back() override {
        if (editing_) ::el_set(editor_, EL_REFRESH);
    }

private:
    static int character(EditLine* editor, wchar_t* out) {
        void* self = nullptr;
        ::el_get(editor, EL_CLIENTDATA, &self);
        return static_cast<Typed*>(self)->read_character(*out);
    }

    // 1 with a character, 0 at the end, -1 if reading failed.
    int read_character(wchar_t& out) {
        std::mbstate_t state = {};
        for (;;) {
            if (!(*waiting_)(STDIN_FILENO)) return 0;
            char byte = 0;
            const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return static_cast<int>(count);
            const std::size_t used = std::mbrtowc(&out, &byte, 1, &state);
            if (used == static_cast<std::size_t>(-2)) continue;  // the character goes on
            if (used == static_cast<std::size_t>(-1)) {
                state = {};  // a byte that is none here is left out
                continue;
            }
            return 1;
        }
    }

    EditLine* editor_ = nullptr;
    History* history_ = nullptr;
    const Waiting* waiting_ = nullptr;
    bool editing_ = false;
};

}  // namespace

std::unique_ptr<LineSource> typed_lines() {
    return std::make_unique<Typed>();
}

}  // namespace wshub::console

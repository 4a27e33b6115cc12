#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "admin/token_file.h"

using namespace admin;
namespace fs = std::filesystem;

namespace {

class Directory {
public:
    Directory() {
        std::string pattern = (fs::temp_directory_path() / "wshub-token-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Directory() { fs::remove_all(path); }
    fs::path path;
};

void write(const fs::path& file, const std::string& text, mode_t mode) {
    std::ofstream(file) << text;
    REQUIRE(::chmod(file.c_str(), mode) == 0);
}

mode_t mode_of(const fs::path& file) {
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("the first start makes a token that only this user can read", "[admin]") {
    const Directory in;
    const fs::path state = in.path / "a/b/state";
    const mode_t before = ::umask(GENERATE(mode_t{0}, mode_t{022}, mode_t{077}));
    const KeptToken made = keep_token(state);
    ::umask(before);
    CHECK(made.is_new);
    CHECK(made.token.size() == 64);
    CHECK(made.token.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(made.file == state / "admin_token");
    CHECK(mode_of(made.file) == 0600);
    CHECK(mode_of(state) == 0700);
    CHECK(std::distance(fs::directory_iterator(state), fs::directory_iterator()) == 1);
}

TEST_CASE("later starts read the token", "[admin]") {
    const Directory in;
    const KeptToken made = keep_token(in.path);
    const KeptToken kept = keep_token(in.path);
    CHECK_FALSE(kept.is_new);
    CHECK(kept.token == made.token);
    CHECK(keep_token(Directory().path).token != made.token);
}

TEST_CASE("a token that the operator wrote is read without the blanks around its end", "[admin]") {
    const Directory in;
    write(in.path / "admin_token", "my token \r\n\n", 0400);
    CHECK(keep_token(in.path).token == "my token");
}

TEST_CASE("a file that others can read is refused", "[admin]") {
    const Directory in;
    write(in.path / "admin_token", "secret\n", GENERATE(mode_t{0640}, mode_t{0604}, mode_t{0620}, mode_t{0601}));
    CHECK_THROWS_WITH(keep_token(in.path),
                      Catch::Contains("can be read by other users") && Catch::Contains("chmod 600") &&
                          Catch::Contains((in.path / "admin_token").string()) && !Catch::Contains("secret"));
}

TEST_CASE("a file without a token is refused", "[admin]") {
    const Directory in;
    const auto [text, what] = GENERATE(table<std::string, std::string>(
        {{"", "is empty"}, {"\n", "is empty"}, {" \t\r\n", "is empty"}, {std::string(2000, 'x'), "too long"}}));
    write(in.path / "admin_token", text, 0600);
    CHECK_THROWS_WITH(keep_token(in.path), Catch::Contains(what));
}

TEST_CASE("what is no file is refused", "[admin]") {
    const Directory in;
    const fs::path path = in.path / "admin_token";
    if (GENERATE(true, false)) {
        fs::create_directory(path);
        REQUIRE(::chmod(path.c_str(), 0700) == 0);
    } else {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    }
    CHECK_THROWS_WITH(keep_token(in.path), Catch::Contains("is no file"));
}

TEST_CASE("a directory that cannot be made says what to set", "[admin]") {
    const Directory in;
    write(in.path / "file", "", 0600);
    CHECK_THROWS_WITH(keep_token(in.path / "file/state"), Catch::Contains("[plugin.admin] token"));
    CHECK_THROWS_WITH(keep_token("/proc/no/such/state"),
                      Catch::Contains("[server] state_directory") && Catch::Contains("[plugin.admin] token"));
}

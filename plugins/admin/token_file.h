// The admin token that is made at the first start and kept for later ones.
#pragma once

#include <filesystem>
#include <string>

namespace admin {

struct KeptToken {
    std::string token;
    std::filesystem::path file;
    bool is_new;
};

// Reads DIRECTORY/admin_token, or makes it: 256 random bits, readable by this user alone, in a directory that is made
// if it is missing. Throws std::runtime_error, with what the operator can do, if the file cannot be made or read, is
// empty, or if others can read it.
KeptToken keep_token(const std::filesystem::path& directory);

}  // namespace admin

// What the hub answered, for people. Text of clients is made safe for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wshub::server {

// Lines of aligned columns; the heads are in the first. Numbers stand to the right.
class TextTable {
public:
    struct Column {
        std::string_view head;
        bool right = false;
    };
    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const { return rows_.empty(); }
    std::string text() const;

private:
    const std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// The result of that operation (a JSON object). Throws Poco::Exception if it is none.
std::string show_result(std::string_view operation, const std::string& result);

}  // namespace wshub::server

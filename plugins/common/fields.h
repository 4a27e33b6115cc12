// The members of an object that a client sent. Knows no server.
#pragma once

#include <wshub/json.h>

#include <initializer_list>
#include <string_view>
#include <vector>

namespace families {

struct Field {
    std::string_view raw_key;  // as it stands in the text: see wshub::json::View::each()
    wshub::json::View value;
};

// Each name once, at the place where it stood first, with the value that it was given last: as JSON.parse has it. So
// that what is checked is what is passed on. Views into the object's text.
class Fields {
public:
    // None for anything but an object.
    explicit Fields(const wshub::json::View& object);

    // Missing if there is none of that name.
    wshub::json::View operator[](std::string_view name) const;

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }

private:
    bool surely_each_once() const;
    void keep_each_once();

    std::vector<Field> fields_;
};

// Adds the fields as they stand, but for those named in `without`.
void add_fields(wshub::json::Object& object, const Fields& fields, std::initializer_list<std::string_view> without);

}  // namespace families

// For plugins that use Poco::JSON: the hub's JSON texts as Poco's values, and back. The only header of the SDK that
// needs Poco, and only for those who include it: wshub_add_plugin(... LIBRARIES Poco::JSON).
#pragma once

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include "json.h"

namespace wshub::json {

// Objects become Poco::JSON::Object::Ptr (keys in their order; of several members of one name the last counts), arrays
// Poco::JSON::Array::Ptr, whole numbers Int64 where they fit and double otherwise; null and what is missing an empty
// Var.
inline Poco::Dynamic::Var to_poco(const View& value) {
    switch (value.type()) {
        case Type::object: {
            Poco::JSON::Object::Ptr object = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
            value.each([&object](std::string_view raw_key, const View& member) {
                object->set(key_text(raw_key), to_poco(member));
                return true;
            });
            return object;
        }
        case Type::array: {
            Poco::JSON::Array::Ptr array = new Poco::JSON::Array;
            value.each([&array](std::string_view, const View& item) {
                array->add(to_poco(item));
                return true;
            });
            return array;
        }
        case Type::string: return value.str();
        case Type::boolean: return value.boolean();
        case Type::number: {
            const bool whole = value.text().find_first_of(".eE") == std::string_view::npos;
            const bool fits = value.num(0) == value.num(1);  // else each is what is given for numbers that do not
            if (whole && fits) return static_cast<Poco::Int64>(value.num());
            return value.real();
        }
        case Type::null:
        case Type::missing: break;
    }
    return {};
}

inline Raw from_poco(const Poco::Dynamic::Var& value);

inline Raw from_poco(const Poco::JSON::Object& object) {
    Object out;
    for (const std::string& key : object.getNames()) out.add(key, from_poco(object.get(key)));
    return std::move(out).build();
}
inline Raw from_poco(const Poco::JSON::Array& array) {
    Raw raw{"["};
    for (std::size_t i = 0; i < array.size(); ++i) {
        if (i > 0) raw.text += ',';
        raw.text += from_poco(array.get(static_cast<unsigned>(i))).text;
    }
    raw.text += ']';
    return raw;
}
// Any other kind of value becomes the text that Poco makes of it.
inline Raw from_poco(const Poco::Dynamic::Var& value) {
    using ObjectPtr = Poco::JSON::Object::Ptr;
    using ArrayPtr = Poco::JSON::Array::Ptr;
    if (value.isEmpty()) return Raw{"null"};
    if (value.type() == typeid(ObjectPtr)) {
        const ObjectPtr& object = value.extract<ObjectPtr>();
        return object ? from_poco(*object) : Raw{"null"};
    }
    if (value.type() == typeid(ArrayPtr)) {
        const ArrayPtr& array = value.extract<ArrayPtr>();
        return array ? from_poco(*array) : Raw{"null"};
    }
    if (value.type() == typeid(Poco::JSON::Object)) return from_poco(value.extract<Poco::JSON::Object>());
    if (value.type() == typeid(Poco::JSON::Array)) return from_poco(value.extract<Poco::JSON::Array>());
    Raw raw;
    if (value.isBoolean()) {
        put(raw.text, value.convert<bool>());
    } else if (value.isInteger() && !value.isSigned()) {
        put(raw.text, static_cast<std::uint64_t>(value.convert<Poco::UInt64>()));
    } else if (value.isInteger()) {
        put(raw.text, static_cast<std::int64_t>(value.convert<Poco::Int64>()));
    } else if (value.isNumeric()) {
        put(raw.text, value.convert<double>());
    } else {
        put(raw.text, value.toString());
    }
    return raw;
}

}  // namespace wshub::json

#include "host/elf_probe.h"

#include <elf.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <sstream>
#include <string>

#include "host/descriptor.h"
#include "host_world.h"

using namespace wshub;
using namespace wshub::test;
using host::PluginError;

namespace {

host::ElfFacts probe(std::string_view file) {
    return host::probe_elf(std::as_bytes(std::span(file.data(), file.size())));
}

std::string refusal(std::string_view file) {
    try {
        host::read_descriptor(probe(file));
    } catch (const PluginError& error) {
        return error.what();
    }
    return "none";
}

template <class Change>
std::string changed_header(Change change) {
    std::string file = read_file(built_plugin("good"));
    Elf64_Ehdr header;
    std::memcpy(&header, file.data(), sizeof header);
    change(header);
    std::memcpy(file.data(), &header, sizeof header);
    return file;
}

}  // namespace

TEST_CASE("a plugin's file tells what is in it", "[elf_probe]") {
    const host::ElfFacts facts = probe(read_file(built_plugin("good")));
    CHECK(facts.has_entry);
    CHECK_FALSE(facts.static_tls);
    REQUIRE(facts.descriptor);
    const host::Descriptor descriptor = host::read_descriptor(facts);
    CHECK(descriptor.name == "good");
    CHECK(descriptor.version == "1.2.0");
    CHECK(descriptor.abi_major == WSHUB_ABI_MAJOR);
    CHECK_FALSE(descriptor.serial);
    CHECK(host::read_descriptor(probe(read_file(built_plugin("serial")))).serial);
    CHECK(host::read_descriptor(probe(read_file(built_plugin("needs_good")))).requirements.front().least == "1.2");
}

TEST_CASE("every plugin that is built here exports its entry alone and nothing unique", "[elf_probe]") {
    std::istringstream paths(WSHUB_OWN_PLUGINS);
    std::string path;
    unsigned seen = 0;
    while (std::getline(paths, path, ':')) {
        INFO(path);
        const host::ElfFacts facts = probe(read_file(path));
        CHECK(facts.exported == std::vector<std::string>{"wshub_plugin_entry_v1"});
        CHECK(facts.unique.empty());
        CHECK_FALSE(facts.static_tls);
        ++seen;
    }
    CHECK(seen >= 3);
    CHECK(probe(read_file(built_plugin("plain"))).exported == std::vector<std::string>{"wshub_plugin_entry_v1"});
    CHECK(probe(read_file(built_plugin("good"))).exported == std::vector<std::string>{"wshub_plugin_entry_v1"});
}

TEST_CASE("what is no shared library for this machine is refused", "[elf_probe]") {
    CHECK(refusal("") == "file is empty (still being written?)");
    CHECK(refusal("/* not a library */") == "not a shared library (no ELF header)");
    CHECK(refusal(std::string(4096, 'x')) == "not a shared library (no ELF header)");
    CHECK(refusal("\x7f"
                  "ELF") == "not a shared library (no ELF header)");
    CHECK(refusal(changed_header([](Elf64_Ehdr& header) { header.e_ident[EI_CLASS] = ELFCLASS32; })) ==
          "wrong ELF class or byte order (64-bit little endian expected)");
    CHECK(refusal(changed_header([](Elf64_Ehdr& header) { header.e_ident[EI_DATA] = ELFDATA2MSB; })) ==
          "wrong ELF class or byte order (64-bit little endian expected)");
    CHECK(refusal(changed_header([](Elf64_Ehdr& header) { header.e_type = ET_REL; })) ==
          "not a shared library (ELF type 1)");
    CHECK(refusal(changed_header([](Elf64_Ehdr& header) { header.e_type = ET_EXEC; })) ==
          "an executable, not a plugin");
    const std::string other = changed_header([](Elf64_Ehdr& header) { header.e_machine = EM_S390; });
    CHECK_THAT(refusal(other), Catch::StartsWith("built for another processor (ELF machine 22, this server is "));
    CHECK(refusal(read_file("/proc/self/exe")) == "an executable, not a plugin");
}

TEST_CASE("a plugin cut off anywhere is refused", "[elf_probe]") {
    const std::string whole = read_file(built_plugin("plain"));
    REQUIRE(refusal(whole) == "none");
    for (std::size_t length = 64; length < whole.size(); length += 512) {
        INFO("the first " << length << " bytes");
        CHECK_THAT(refusal(std::string_view(whole).substr(0, length)), Catch::StartsWith("truncated: "));
    }
    CHECK_THAT(refusal(std::string_view(whole).substr(0, whole.size() - 1)),
               Catch::StartsWith("truncated: section headers beyond the end of the file"));
}

TEST_CASE("a segment that ends behind the file is named", "[elf_probe]") {
    std::string file = read_file(built_plugin("plain"));
    Elf64_Ehdr header;
    std::memcpy(&header, file.data(), sizeof header);
    Elf64_Phdr segment;
    std::memcpy(&segment, file.data() + header.e_phoff, sizeof segment);
    segment.p_filesz = file.size();
    segment.p_offset = 8;
    std::memcpy(file.data() + header.e_phoff, &segment, sizeof segment);
    CHECK(refusal(file) == "truncated: a segment ends at byte " + std::to_string(file.size() + 8) + ", the file has " +
                               std::to_string(file.size()));
    segment.p_offset = UINT64_MAX - 4;  // must not wrap around
    std::memcpy(file.data() + header.e_phoff, &segment, sizeof segment);
    CHECK_THAT(refusal(file), Catch::StartsWith("truncated: a segment ends at byte 18446744073709551615"));
}

// Nothing is checked but that it comes back: run it under the sanitizers.
TEST_CASE("a file with wrong bytes in it does no harm", "[elf_probe]") {
    const std::string whole = read_file(built_plugin("plain"));
    for (std::size_t at = 0; at < whole.size(); at += at < 4096 ? 1 : 61) {
        for (const char with : {'\x00', '\x7f', '\xff'}) {
            std::string file = whole;
            file[at] = with;
            refusal(file);
        }
    }
}

TEST_CASE("versions are compared number by number", "[descriptor]") {
    auto [version, least, enough] = GENERATE(table<std::string, std::string, bool>({
        {"1.0", "1.0", true},
        {"1.0.0", "1.0", true},
        {"1.10", "1.9", true},
        {"1.9", "1.10", false},
        {"2", "1.99.99", true},
        {"0.9.9", "1", false},
        {"1.0-beta", "1.0", true},
        {"", "0.1", false},
        {"99999999999999999999", "1", false},  // no version number
    }));
    CHECK(host::version_at_least(version, least) == enough);
}

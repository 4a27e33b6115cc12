# Copies of the libraries that other distributions do not have in this version, beside the plugins, where the program alone
# looks for them. What every system has in a form that fits (glibc 2.36 and GCC 12's libraries or later, zlib, expat, OpenSSL 3, libcurl) stays
# outside.
#
# DT_RPATH rather than DT_RUNPATH: it holds for what the libraries need of each other, too.
target_link_options(wshub PRIVATE -Wl,--disable-new-dtags)
file(RELATIVE_PATH private ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/wshub)
set_target_properties(wshub PROPERTIES INSTALL_RPATH "$ORIGIN/${private}")

install(CODE "
  file(GET_RUNTIME_DEPENDENCIES EXECUTABLES \"$<TARGET_FILE:wshub>\" RESOLVED_DEPENDENCIES_VAR found
    POST_INCLUDE_REGEXES \"/lib(Poco[A-Za-z]+|bsd|edit|fmt|md|spdlog|utf8proc|pcre)\\\\.so\\\\.\" POST_EXCLUDE_REGEXES \".*\")
  set(licenses \"${PROJECT_BINARY_DIR}/private_licenses\")
  file(REMOVE_RECURSE \"\${licenses}\")
  foreach(library IN LISTS found)
    file(INSTALL \"\${library}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/wshub\" FOLLOW_SYMLINK_CHAIN
      TYPE SHARED_LIBRARY)
    # Whose it is: the terms of its package come along.
    file(REAL_PATH \"\${library}\" real)
    get_filename_component(name \"\${real}\" NAME)
    execute_process(COMMAND dpkg-query -S \"*/\${name}\" OUTPUT_VARIABLE owner COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX REPLACE \":.*\" \"\" owner \"\${owner}\")
    configure_file(\"/usr/share/doc/\${owner}/copyright\" \"\${licenses}/\${owner}.txt\" COPYONLY)
  endforeach()" COMPONENT hub)

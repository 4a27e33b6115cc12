# wshub_0.1.0_amd64.deb, wshub-sdk_0.1.0_amd64.deb and the debug symbols, by CPack's DEB generator.
set(contact ${WSHUB_PACKAGE_CONTACT})
configure_file(deb/changelog ${made}/changelog @ONLY)
execute_process(COMMAND gzip -9nf changelog WORKING_DIRECTORY ${made} COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${made}/changelog.gz deb/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/wshub COMPONENT hub)
install(FILES ${made}/changelog.gz deb/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/wshub-sdk COMPONENT sdk)
install(FILES deb/wshub-sdk.lintian DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME wshub-sdk COMPONENT sdk)
file(WRITE ${made}/conffiles "/etc/logrotate.d/wshub\n/etc/wshub/wshub.ini\n")

# Absolute places (/etc, /lib) are below the staging folder, too.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${WSHUB_PACKAGE_CONTACT})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
  WORLD_EXECUTE)
set(CPACK_STRIP_FILES OFF)
# Else the project's sentence would stand in front of each description, and Debian wants the package's own there.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")

set(CPACK_DEBIAN_HUB_PACKAGE_NAME wshub)
set(CPACK_DEBIAN_HUB_PACKAGE_SECTION net)
set(CPACK_DEBIAN_HUB_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_HUB_DEBUGINFO_PACKAGE ON)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/deb/mend_symbols.cmake)
# What the scripts need; libraries are found out by dpkg-shlibdeps.
set(CPACK_DEBIAN_HUB_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_HUB_PACKAGE_SUGGESTS "logrotate")
set(CPACK_DEBIAN_HUB_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/deb/postinst ${CMAKE_CURRENT_SOURCE_DIR}/deb/prerm
  ${CMAKE_CURRENT_SOURCE_DIR}/deb/postrm ${made}/conffiles)
set(CPACK_COMPONENT_HUB_DESCRIPTION "real-time hub for Socket.IO clients
wshub serves unmodified Socket.IO clients over HTTP long polling and WebSocket:
they send messages, join rooms, have names and follow each other. What clients
can do comes from plugins, shared libraries of which this package has nine.
.
It runs as a service with a user of its own, configured by one INI file.")

set(CPACK_DEBIAN_SDK_PACKAGE_NAME wshub-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SDK_PACKAGE_SUGGESTS "wshub, cmake, g++, pkg-config")
set(CPACK_COMPONENT_SDK_DESCRIPTION "kit for plugins of the real-time hub wshub
Headers for C99 and C++17, a CMake package, a file for pkg-config, a fake hub
for unit tests, and the project that 'wshub new-plugin' begins with. Plugins
need no other library.")

# What a package has beside the program: the unit, manual pages, completion, rotation of logs. Builds for packages only
# (WSHUB_PACKAGE), whose prefix is /usr.
set(WSHUB_PACKAGE_CONTACT "wshub developers <wshub@wshub.invalid>" CACHE STRING "Who packages are from: name and address")
set(WSHUB_ETC ${CMAKE_INSTALL_SYSCONFDIR})
if(NOT WSHUB_PACKAGE)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT hub)
  return()
endif()
if(NOT WSHUB_PACKAGE MATCHES "^(deb|rpm)$" OR NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr" OR NOT NODE)
  message(FATAL_ERROR "WSHUB_PACKAGE is deb or rpm, and needs -DCMAKE_INSTALL_PREFIX=/usr and Node.js")
endif()
set(WSHUB_ETC ${CMAKE_INSTALL_FULL_SYSCONFDIR})
set(made ${CMAKE_CURRENT_BINARY_DIR}/made)

# Debian's units of this age lie in /lib.
set(unit_dir lib/systemd/system)
if(WSHUB_PACKAGE STREQUAL "deb")
  set(unit_dir /lib/systemd/system)
endif()
set(bindir ${CMAKE_INSTALL_FULL_BINDIR})
set(sysconfdir ${CMAKE_INSTALL_FULL_SYSCONFDIR})
configure_file(systemd/wshub.service.in ${made}/wshub.service @ONLY)
install(FILES ${made}/wshub.service DESTINATION ${unit_dir} COMPONENT hub)
install(FILES systemd/wshub.tmpfiles DESTINATION lib/tmpfiles.d RENAME wshub.conf COMPONENT hub)
if(WSHUB_PACKAGE STREQUAL "rpm")
  install(FILES systemd/wshub.sysusers DESTINATION lib/sysusers.d RENAME wshub.conf COMPONENT hub)
endif()
install(FILES systemd/wshub.logrotate DESTINATION ${WSHUB_ETC}/logrotate.d RENAME wshub COMPONENT hub)
install(FILES completion/wshub.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME wshub
  COMPONENT hub)

# Of the program's own help and the documents, so that they cannot fall behind. -n: the same bytes each time.
add_custom_command(
  OUTPUT ${made}/wshub.1.gz ${made}/wshub.ini.5.gz
  COMMAND ${NODE} ${CMAKE_CURRENT_SOURCE_DIR}/man/make.mjs $<TARGET_FILE:wshub> ${PROJECT_SOURCE_DIR} ${made}
    ${CMAKE_INSTALL_FULL_SYSCONFDIR}
  COMMAND gzip -9nf ${made}/wshub.1 ${made}/wshub.ini.5
  DEPENDS wshub man/make.mjs ${PROJECT_SOURCE_DIR}/docs/configuration.md
  COMMENT "Making the manual pages"
  VERBATIM)
add_custom_target(wshub_manual ALL DEPENDS ${made}/wshub.1.gz ${made}/wshub.ini.5.gz)
install(FILES ${made}/wshub.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT hub)
install(FILES ${made}/wshub.ini.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT hub)

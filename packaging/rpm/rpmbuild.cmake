# The RPMs, as `cpack -G External` runs it: a source package of this checkout, and what it gives when it is built on this
# machine. That is Debian as a rule, which has no packages of RPM's names, so what to build with is not asked for.
find_program(RPMBUILD rpmbuild REQUIRED)
set(top ${CPACK_PACKAGE_DIRECTORY}/rpm)
set(name wshub-${CPACK_PACKAGE_VERSION})
set(source ${CPACK_WSHUB_SOURCE_DIR})
file(REMOVE_RECURSE ${top})
file(MAKE_DIRECTORY ${top}/SOURCES ${top}/${name})

# The sources, and the JavaScript that is built in, where npm would put it: there is no npm where packages are built.
file(COPY ${source}/CMakeLists.txt ${source}/LICENSE ${source}/README.md ${source}/CHANGELOG.md ${source}/CONTRIBUTING.md ${source}/core ${source}/docs
  ${source}/etc ${source}/packaging ${source}/plugins ${source}/sdk DESTINATION ${top}/${name}
  PATTERN "__pycache__" EXCLUDE)
file(GLOB client ${CPACK_WSHUB_CLIENT_DIST}/socket.io*.js ${CPACK_WSHUB_CLIENT_DIST}/socket.io*.js.map)
set(modules ${top}/${name}/node_modules)
file(COPY ${client} DESTINATION ${modules}/socket.io-client/dist)
file(COPY ${CPACK_WSHUB_CLIENT_DIST}/../package.json ${CPACK_WSHUB_CLIENT_DIST}/../LICENSE
  DESTINATION ${modules}/socket.io-client)
set(uplot ${CPACK_WSHUB_NODE_MODULES}/uplot)
file(COPY ${uplot}/dist/uPlot.iife.min.js ${uplot}/dist/uPlot.min.css DESTINATION ${modules}/uplot/dist)
file(COPY ${uplot}/package.json ${uplot}/LICENSE DESTINATION ${modules}/uplot)
execute_process(COMMAND ${CMAKE_COMMAND} -E tar czf SOURCES/${name}.tar.gz --format=gnutar ${name}
  WORKING_DIRECTORY ${top} COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${top}/${name})

set(version ${CPACK_PACKAGE_VERSION})
set(contact ${CPACK_PACKAGE_CONTACT})
configure_file(${CMAKE_CURRENT_LIST_DIR}/wshub.spec.in ${top}/wshub.spec @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
# rpm keeps its books below the folder of the build, too: there need be none of the system's. Its LANG=C would be another
# compilation to ccache than the one of the .deb.
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${top}/BUILD/${name}
    ${RPMBUILD} -ba --nodeps --with private_libraries --define "_topdir ${top}" --define "_dbpath ${top}/db"
    --define "optflags %{nil}" --define "build_environment export LANG=C.UTF-8" ${top}/wshub.spec
  OUTPUT_FILE ${top}/log.txt ERROR_FILE ${top}/log.txt RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  file(STRINGS ${top}/log.txt lines)
  list(SUBLIST lines -40 -1 last)
  list(JOIN last "\n" last)
  message(FATAL_ERROR "rpmbuild failed, see ${top}/log.txt, which ends with\n${last}")
endif()
file(GLOB_RECURSE packages ${top}/RPMS/*.rpm ${top}/SRPMS/*.rpm)
set(CPACK_EXTERNAL_BUILT_PACKAGES ${packages})

# cmake -D OUTPUT=FILE -D ROOT=FOLDER -D "FILES=folder/name.json;..." -P embed_files.cmake
#
# Writes one initialiser a file, {"folder", "name", "text"}, for estimator/formats/builtin_files.cpp.
set(content "")
foreach(file IN LISTS FILES)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${ROOT}/${file} text)
  string(APPEND content "{\"${folder}\", \"${name}\", R\"wattgrind(${text})wattgrind\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${content}")

package sqltext

import "strings"

// SafeFunction reports whether name is a function that computes from its arguments alone: it reads
// no table and answers no question about the catalogue, runs no text as SQL, writes nothing, leaves
// the session and the server as they are, and reveals nothing of other tenants: no sizes,
// statistics, sequences, locks, settings or files.
//
// The name is unqualified and in lower case. A name with a schema, or a quoted one that is not in
// lower case, is another function than the one listed here, and the caller's to refuse.
//
// The functions are those of PostgreSQL 12 to 18, of SQLite and of the extensions named below, with
// the types and the special forms that are written like calls. Each has been reviewed with all its
// overloads; a name with one that does not qualify is left out (the exceptions are noted at age and
// at PostGIS), and so is every name that has not been reviewed. Words that merely stand before a
// parenthesis (IN, ANY, OVER) are no functions and not listed. Whoever defines a function of a
// listed name, or an overload, vouches for it.
//
// It does not allocate and may be called concurrently; the empty name is not safe.
func SafeFunction(name string) bool {
	_, ok := safeFunctions[name]
	return ok
}

var safeFunctions = functionSet(
	formFunctions,
	typeFunctions,
	aggregateFunctions,
	mathFunctions,
	stringFunctions,
	dateFunctions,
	arrayFunctions,
	documentFunctions,
	searchFunctions,
	geometryFunctions,
	extensionFunctions,
	sqliteFunctions,
	postgisFunctions,
)

// functionSet is sized for what the lists hold, so that it is filled once and never grows.
func functionSet(groups ...string) map[string]struct{} {
	set := make(map[string]struct{}, 1000)
	for _, group := range groups {
		for name := range strings.FieldsSeq(group) {
			set[name] = struct{}{}
		}
	}
	return set
}

// The lists are alphabetical, and a name stands in one of them only.
const (
	// Grammar that looks like a call.
	formFunctions = `
cast coalesce extract greatest grouping json_array json_arrayagg json_exists json_object json_objectagg
json_query json_scalar json_serialize json_table json_value least normalize nullif overlay position row
substring trim xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
xmlserialize xmltable`

	// Types, as a cast written like a call or with a modifier: int4(x), numeric(10, 2). The reg*
	// types are left out, because they look names up in the catalogue.
	typeFunctions = `
bigint bit blob bool boolean box bpchar bytea char character cidr circle citext clob date datemultirange
daterange datetime dec decimal double float float4 float8 geography geometry halfvec hstore inet int int2 int4
int4multirange int4range int8 int8multirange int8range integer interval json jsonb line lseg ltree macaddr
macaddr8 money multirange name nchar numeric nummultirange numrange nvarchar path point polygon real smallint
sparsevec text time timestamp timestamptz timetz tinyint tsmultirange tsquery tsrange tstzmultirange tstzrange
tsvector uuid varbit varchar varying vector xml`

	// Aggregate, ordered-set, hypothetical-set and window functions: they see the rows of their
	// own statement.
	aggregateFunctions = `
any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist
dense_rank every first_value json_agg json_agg_strict json_object_agg json_object_agg_strict
json_object_agg_unique json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg
jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict lag last_value lead max min mode
nth_value ntile percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank regr_avgx
regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number stddev stddev_pop
stddev_samp string_agg sum var_pop var_samp variance xmlagg`

	// Numbers. setseed is left out, because the session keeps it.
	mathFunctions = `
abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cash_words cbrt ceil ceiling cos cosd cosh
cot cotd degrees div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod num_nonnulls
num_nulls pg_size_bytes pg_size_pretty pi pow power radians random random_normal round scale sign sin sind sinh
sqrt tan tand tanh trim_scale trunc width_bucket`

	// Text, binary and bit strings, hashes, and what says of which type or collation a value is.
	stringFunctions = `
ascii bit_count bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from
convert_to crc32 crc32c decode encode format get_bit get_byte hashtext hashtextextended initcap is_normalized
left length like like_escape lower lpad ltrim md5 notlike octet_length parse_ident pg_collation_for pg_typeof
quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches
regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim
set_bit set_byte sha224 sha256 sha384 sha512 similar_to_escape split_part starts_with string_to_array
string_to_table strpos substr to_ascii to_bin to_char to_hex to_number to_oct translate unicode_assigned unistr
upper`

	// Dates and times. age also has a form that tells how many transactions began after another,
	// which says no more than the column xmin of a new row; dates cannot do without the name.
	dateFunctions = `
age clock_timestamp current_date current_time current_timestamp date_add date_bin date_part date_subtract
date_trunc isfinite justify_days justify_hours justify_interval localtime localtimestamp make_date make_interval
make_time make_timestamp make_timestamptz now overlaps statement_timestamp timeofday timezone to_date
to_timestamp transaction_timestamp`

	// Arrays, ranges, enums, UUIDs, and rows made of arguments.
	arrayFunctions = `
array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_string
array_upper cardinality enum_first enum_last enum_range gen_random_uuid generate_series generate_subscripts
isempty lower_inc lower_inf range_merge trim_array unnest upper_inc upper_inf uuid_extract_timestamp
uuid_extract_version uuidv4 uuidv7`

	// JSON and XML. The functions that turn a query, a table or a cursor into XML are left out.
	documentFunctions = `
array_to_json json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
json_each json_each_text json_extract_path json_extract_path_text json_object_keys json_populate_record
json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_elements
jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_delete
jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path
jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz
jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz
jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record
jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record
jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb xml_is_well_formed xml_is_well_formed_content
xml_is_well_formed_document xmlcomment xmltext xpath xpath_exists`

	// Text search as far as it needs dictionaries only: ts_stat and ts_rewrite run text as a
	// query, ts_debug reads the catalogue.
	searchFunctions = `
array_to_tsvector json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery plainto_tsquery querytree
setweight strip to_tsquery to_tsvector ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd
tsquery_phrase tsvector_to_array websearch_to_tsquery`

	// Networks and plane geometry.
	geometryFunctions = `
abbrev area bound_box broadcast center diagonal diameter family height host hostmask inet_merge inet_same_family
isclosed ishorizontal isopen isparallel isperp isvertical macaddr8_set7bit masklen netmask network npoints
pclose popen radius set_masklen slope width`

	// pg_trgm, unaccent, hstore, pgcrypto (hashes), intarray, fuzzystrmatch, uuid-ossp, ltree,
	// cube, earthdistance and pgvector. hstore's delete is left out, because the name starts a
	// statement and the operator does the same; so are the time-based ids of uuid-ossp, which keep
	// a clock and show the host.
	extensionFunctions = `
akeys avals binary_quantize cosine_distance crypt cube cube_dim cube_distance cube_enlarge cube_inter
cube_is_point cube_ll_coord cube_subset cube_union cube_ur_coord daitch_mokotoff defined difference digest
distance_chebyshev distance_taxicab dmetaphone dmetaphone_alt each earth earth_box earth_distance exist
exists_all exists_any gc_to_sec gen_random_bytes gen_salt hamming_distance hmac hstore_to_array hstore_to_json
hstore_to_json_loose hstore_to_jsonb hstore_to_jsonb_loose hstore_to_matrix icount idx index inner_product
intset jaccard_distance l1_distance l2_distance l2_norm l2_normalize latitude lca levenshtein
levenshtein_less_equal ll_to_earth longitude ltree2text metaphone nlevel populate_record sec_to_gc show_trgm
similarity similarity_dist skeys slice slice_array sort sort_asc sort_desc soundex strict_word_similarity
subarray subltree subpath subvector svals text2ltree text_soundex unaccent uniq uuid_generate_v3
uuid_generate_v4 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_oid uuid_ns_url uuid_ns_x500 vector_dims
vector_norm word_similarity`

	// Names only SQLite has. changes, total_changes and last_insert_rowid tell of other statements
	// on the connection, bm25 and matchinfo weigh in the rows of every tenant in the index.
	sqliteFunctions = `
glob group_concat hex highlight if ifnull iif instr json_array_insert json_error_position json_extract
json_group_array json_group_object json_insert json_patch json_pretty json_quote json_remove json_replace
json_set json_tree json_type json_valid jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array
jsonb_group_object jsonb_patch jsonb_remove jsonb_replace jsonb_tree julianday likelihood likely log2 median
percentile printf quote randomblob regexp snippet strftime timediff total typeof unhex unicode unistr_quote
unixepoch unlikely zeroblob`

	// PostGIS vectors. Left out: topology, which writes tables; raster, which opens files;
	// st_estimatedextent and st_findextent, which read statistics and tables; the FlatGeobuf
	// readers, one of which creates a table. What knows coordinate systems looks them up in
	// spatial_ref_sys, which belongs to no tenant. Some names also take a TopoGeometry or a raster
	// (st_simplify, st_srid, st_intersection), and follow it to where it points; so does any cast
	// of such a value to a geometry, and a database that has them must fence them by other means.
	postgisFunctions = `
box2d box3d geometrytype st_3dclosestpoint st_3ddfullywithin st_3ddistance st_3ddwithin st_3dextent
st_3dinterpolatepoint st_3dintersects st_3dlength st_3dlineinterpolatepoint st_3dlongestline st_3dmakebox
st_3dmaxdistance st_3dperimeter st_3dshortestline st_addmeasure st_addpoint st_affine st_angle st_area st_area2d
st_asbinary st_asencodedpolyline st_asewkb st_asewkt st_asflatgeobuf st_asgeobuf st_asgeojson st_asgml
st_ashexewkb st_askml st_aslatlontext st_asmarc21 st_asmvt st_asmvtgeom st_assvg st_astext st_astwkb st_asx3d
st_azimuth st_bdmpolyfromtext st_bdpolyfromtext st_boundary st_boundingdiagonal st_box2dfromgeohash st_buffer
st_buildarea st_catmullromsmoothing st_centroid st_chaikinsmoothing st_cleangeometry st_clipbybox2d
st_closestpoint st_closestpointofapproach st_clusterdbscan st_clusterintersecting st_clusterintersectingwin
st_clusterkmeans st_clusterrelatewin st_clusterwithin st_clusterwithinwin st_collect st_collectionextract
st_collectionhomogenize st_combinebbox st_concavehull st_contains st_containsproperly st_controlpoints
st_convexhull st_coorddim st_coverageclean st_coverageedges st_coverageinvalidedges st_coveragesimplify
st_coverageunion st_coveredby st_covers st_cpawithin st_crosses st_curven st_curvetoline st_degree
st_delaunaytriangles st_dfullywithin st_difference st_dimension st_disjoint st_distance st_distancecpa
st_distancesphere st_distancespheroid st_dump st_dumppoints st_dumprings st_dumpsegments st_dwithin st_endm
st_endpoint st_envelope st_equals st_evaluate st_expand st_extent st_exteriorring st_filterbym
st_flipcoordinates st_force2d st_force3d st_force3dm st_force3dz st_force4d st_forcecollection st_forcecurve
st_forcepolygonccw st_forcepolygoncw st_forcerhr st_forcesfs st_frechetdistance st_generatepoints
st_geogfromtext st_geogfromwkb st_geographyfromtext st_geohash st_geomcollfromtext st_geomcollfromwkb
st_geometricmedian st_geometryfromtext st_geometryn st_geometrytype st_geomfromewkb st_geomfromewkt
st_geomfromgeohash st_geomfromgeojson st_geomfromgml st_geomfromkml st_geomfrommarc21 st_geomfromtext
st_geomfromtwkb st_geomfromwkb st_gmltosql st_hasarc st_hasm st_hasz st_hausdorffdistance st_hexagon
st_hexagongrid st_interiorringn st_interpolatepoint st_intersection st_intersects st_inversetransformpipeline
st_isclosed st_iscollection st_isempty st_isnurbscurve st_ispolygonccw st_ispolygoncw st_isring st_issimple
st_isvalid st_isvaliddetail st_isvalidreason st_isvalidtrajectory st_knots st_largestemptycircle st_length
st_length2d st_length2dspheroid st_lengthspheroid st_linecrossingdirection st_lineextend
st_linefromencodedpolyline st_linefrommultipoint st_linefromtext st_linefromwkb st_lineinterpolatepoint
st_lineinterpolatepoints st_linelocatepoint st_linemerge st_linestringfromwkb st_linesubstring st_linetocurve
st_locatealong st_locatebetween st_locatebetweenelevations st_longestline st_m st_makebox2d st_makeenvelope
st_makeline st_makenurbscurve st_makepoint st_makepointm st_makepolygon st_makevalid st_maxdistance
st_maximuminscribedcircle st_memunion st_minimumboundingcircle st_minimumboundingradius st_minimumclearance
st_minimumclearanceline st_minimumspanningtree st_mlinefromtext st_mlinefromwkb st_mmax st_mmin
st_mpointfromtext st_mpointfromwkb st_mpolyfromtext st_mpolyfromwkb st_msize st_multi st_multilinefromwkb
st_multilinestringfromtext st_multipointfromtext st_multipointfromwkb st_multipolyfromwkb
st_multipolygonfromtext st_ndims st_node st_normalize st_npoints st_nrings st_numcontrolpoints st_numcurves
st_numgeometries st_numinteriorring st_numinteriorrings st_numpatches st_numpoints st_nurbscurveisrational
st_nurbstolinestring st_offsetcurve st_orderingequals st_orientedenvelope st_overlaps st_patchn st_perimeter
st_perimeter2d st_point st_pointfromgeohash st_pointfromtext st_pointfromwkb st_pointinsidecircle st_pointm
st_pointn st_pointonsurface st_points st_pointz st_pointzm st_polyfromtext st_polyfromwkb st_polygon
st_polygonfromtext st_polygonfromwkb st_polygonize st_project st_quantizecoordinates st_reduceprecision
st_relate st_relatematch st_removeirrelevantpointsforview st_removepoint st_removerepeatedpoints
st_removesmallparts st_reverse st_rotate st_rotatex st_rotatey st_rotatez st_scale st_scroll st_segmentize
st_seteffectivearea st_setendm st_setpoint st_setsrid st_setstartm st_sharedpaths st_shiftlongitude
st_shortestline st_simplify st_simplifypolygonhull st_simplifypreservetopology st_simplifyvw st_snap
st_snaptogrid st_split st_square st_squaregrid st_srid st_startm st_startpoint st_subdivide st_summary
st_swapordinates st_symdifference st_symmetricdifference st_tileenvelope st_touches st_transform
st_transformpipeline st_translate st_transscale st_triangulatepolygon st_unaryunion st_union st_voronoilines
st_voronoipolygons st_weights st_within st_wkbtosql st_wkttosql st_wrapx st_x st_xmax st_xmin st_xsize st_y
st_ymax st_ymin st_ysize st_z st_zmax st_zmflag st_zmin st_zsize`
)

"""Words that the traffic generator makes values of, and the paths that scanners try."""

WORDS = """
about above action adult after agent album amber apple april arrow audio autumn award baby badge baker banana basic
basket beach beauty berry bicycle black blanket blue board boat book boot border bottle box brain brand bread bridge
bright broken brown brush budget building burger butter button cable cake camera camp candle canvas carbon card career
carpet castle cat cedar center chair chance change charm cheap cheese cherry chess chicken child chocolate choice
church circle city classic clean clever climate cloud coat coffee coin cold color comfort common copper corner cotton
country couple course court cousin cream credit cross crown crystal culture cup current curtain custom dance danger
dark data deal december deep deluxe desert design desk diamond dinner direct doctor dog dollar double dragon dream
dress drink drive duck early earth east easy editor eight election electric elegant empire energy engine evening event
every extra fabric face family famous farm fashion fast father feather festival fiber field film final fire first fish
flag flavor flight floor flower fog food forest fork fortune frame free fresh friend frost fruit full funny future
game garden gate gentle ghost gift girl glass global glove gold good grand grape grass great green grey group guide
guitar hair half hammer hand happy harbor hat health heart heavy hero hidden high hill history holiday home honey hope
horse hotel house how human hundred ice idea indigo inside iron island ivory jacket jazz jeans jewel join journey
juice jump jungle keep kettle key kid kind king kitchen kite knife lady lake lamp language large laser last late laugh
law leaf learn leather leave legal lemon letter level liberty life light lily linen lion little local long lost lotus
love lucky lunar lunch luxury machine magic major make maple marble march market master match matter meadow medal
melody memory metal middle midnight milk mind mint mirror model modern money monkey moon morning mother motor mountain
mouse movie music mystery narrow nature navy never new nice night noble noise north note novel number oak ocean office
old olive open orange orchid organic origin outdoor oxford oyster paint palace panda paper parade parent park party
passion past peace peach pearl pencil people pepper perfect phone photo piano picture pillow pilot pine pink pixel
pizza place planet plastic player pocket poem polar police pony pool popular portable powder power prairie premium
pretty price pride prince print private prize promise proud public pure purple puzzle queen quick quiet quilt rabbit
race radio rain ranch rapid raven ready real recipe red relax remote retro return rhythm rice rich ring river road
robot rock roman roof room rose rough round royal ruby rug runner rustic sacred safari sail salad salt sand satin
scarf school science sea season second secret seed senate seven shade shadow shark sharp shell shine ship shirt shoe
short show sierra signal silent silk silver simple singer sister six skin sky sleep slim slow small smart smile smoke
smooth snow soap soccer social soft solar solid song sound south space spark special speed spice spider spirit sport
spring square stage star state station steel still stone store storm story street strike strong student studio style
sugar suit summer sun super supreme sweet swift table talent tango tea team tennis theater things thunder tiger timber
tiny toast today tomato top total touch tower town toy track trade trail train travel treat tree trend tribe trip
tropical true trust truth tulip turbo twin ultra uncle under union urban valley value vanilla velvet victory video
view village vintage violet vision visit vivid voice wagon walk wall want warm watch water wave way wealth weather
week west what wheel white why wild will wind window wine winter wise wolf woman wonder wood wool work world yellow
young zebra
""".split()

FIRST_NAMES = """
james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph jessica
thomas sarah karen lisa nancy betty sandra ashley emily donna michelle carol amanda melissa deborah stephanie rebecca
laura sharon cynthia kathleen amy angela shirley anna brenda pamela nicole emma samantha katherine christine helen
olga ivan pavel yuki hiro kenji mei wei li chen fatima omar ahmed aisha priya raj arjun ananya carlos maria jose luis
sofia diego lucas mateo ines joao pedro lars ingrid sven anders freya klaus heike jurgen pierre claire antoine chloe
giulia marco luca elena nikos dimitri katya zoe kofi ama chidi ngozi thandi sipho
""".split()

LAST_NAMES = """
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson
thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young
allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter
roberts tanaka suzuki sato kim park choi wang zhang liu singh kumar patel sharma mueller schmidt weber fischer rossi
russo ferrari dubois moreau laurent ivanov petrov novak kowalski okafor mensah dlamini
""".split()

TECHNICAL = """
api app web core auth data flow sync node rust go py js ts lib kit cli sdk server client proxy cache queue worker task
job db sql graph mail chat bot log metrics trace infra deploy helm kube docker edge cloud stack hub lab forge craft ml
vision audio render parser lexer router http grpc proto schema config docs blog site theme plugin ext demo starter
template utils tools common shared
""".split()

LOCALES = """
en fr de es it pt ja zh ko nl sv pl ru tr ar en-us en-gb fr-fr fr-ca de-de de-at es-mx pt-br zh-cn zh-tw ja-jp ko-kr
""".split()

COUNTRIES = """
US GB DE FR ES IT NL SE NO DK FI PL CZ AT CH BE PT IE GR RO HU BG HR SI SK EE LV LT CA MX BR AR CL CO PE AU NZ JP KR
CN IN SG MY TH ID PH VN ZA NG KE EG MA IL AE SA TR
""".split()

CITIES = """
san-york san-jose san-diego san-paris san-london san-berlin san-lagos san-lima san-oslo san-rome new-york new-jose
new-diego new-paris new-london new-berlin new-lagos new-lima new-oslo new-rome north-york north-jose north-diego
north-paris north-london north-berlin north-lagos north-lima north-oslo north-rome port-york port-jose port-diego
port-paris port-london port-berlin port-lagos port-lima port-oslo port-rome lake-york lake-jose lake-diego lake-paris
lake-london lake-berlin lake-lagos lake-lima lake-oslo lake-rome st-york st-jose st-diego st-paris st-london st-berlin
st-lagos st-lima st-oslo st-rome el-york el-jose el-diego el-paris el-london el-berlin el-lagos el-lima el-oslo
el-rome la-york la-jose la-diego la-paris la-london la-berlin la-lagos la-lima la-oslo la-rome fort-york fort-jose
fort-diego fort-paris fort-london fort-berlin fort-lagos fort-lima fort-oslo fort-rome mount-york mount-jose
mount-diego mount-paris mount-london mount-berlin mount-lagos mount-lima mount-oslo mount-rome london paris berlin
madrid rome oslo tokyo osaka seoul delhi mumbai lagos nairobi cairo lima quito bogota toronto chicago boston denver
austin dallas miami seattle portland sydney perth auckland dublin leeds bristol lyon nice milan turin naples porto
lisbon vienna prague warsaw krakow budapest athens sofia riga vilnius tallinn helsinki stockholm gothenburg
""".split()

SCANS = """
/wp-admin /wp-login.php /wp-admin/setup-config.php /wp-content/plugins/revslider/readme.txt
/wp-includes/wlwmanifest.xml /xmlrpc.php /.env /.env.local /.env.production /.git/config /.git/HEAD /.aws/credentials
/.ssh/id_rsa /.DS_Store /.vscode/sftp.json /phpmyadmin /phpMyAdmin/index.php /pma /mysql/admin /adminer.php /admin
/admin/login /administrator/index.php /cgi-bin/luci /cgi-bin/test.cgi /boaform/admin/formLogin /HNAP1
/GponForm/diag_Form /solr/admin/info/system /actuator/health /actuator/env /actuator/gateway/routes /manager/html
/jenkins/login /hudson /console /druid/index.html /owa/auth/logon.aspx /ecp/Current/exporttool
/autodiscover/autodiscover.json /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php /_ignition/execute-solution
/telescope/requests /debug/default/view /server-status /config.json /config.php.bak /backup.zip /backup.sql /db.sql
/dump.sql /.well-known/security.txt /.well-known/acme-challenge/test /login.action /struts2-showcase /index.action
/api/v1/pods /v2/_catalog /_cat/indices /eval-stdin.php /shell.php /c99.php /r57.php /up.php /alfa.php /wso.php
/info.php /phpinfo.php /test.php /old/ /new/ /bak/ /temp/ /dev/ /staging/ /.svn/entries /.hg/hgrc /package.json
/composer.json /yarn.lock /web.config /WEB-INF/web.xml /META-INF/MANIFEST.MF /crossdomain.xml /clientaccesspolicy.xml
/sftp-config.json /.npmrc /.dockerenv /remote/fgt_lang /remote/login /dana-na/auth/url_default/welcome.cgi
/vpn/index.html /+CSCOE+/logon.html /global-protect/login.esp /sslvpn/Login /geoserver/web /nacos/v1/auth/users
/api/jsonws/invoke /seeyon/index.jsp /weaver/bsh.servlet.BshServlet /lib/../../etc/passwd /..%2f..%2fetc/passwd
/etc/passwd /proc/self/environ
""".split()

STATES = """
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI
SC SD TN TX UT VT VA WA WV WI WY
""".split()

"""What programs ask for that look for holes: files, and pages of other software. Pure.

Whoever asks for one of these was led by no link of ours. Words that people choose as codes, as
`shop` or `old`, are not here: whoever tries many of them is known by that (`clicks/unknown`).
"""

import re
from typing import Final

_WRITTEN: Final = """
    actuator adm admin1 admin_login adminer administration administrator administrator1 admins
    aspnet_client autodiscover backend backoffice backup backups bak bitrix boaform cgi cgi-bin
    cgibin clients-pro cms conf config configs configuration controlpanel cpanel crossdomain
    currentsetting dana-na dashboard-admin database dbadmin dev-api developmentserver dns-query
    docker-compose dump dumps ecp env epa evox fckeditor filemanager fileserver geoserver
    gitlab global-protect goanywhere goform gponform graphiql graphql hnap1 home_page horde
    htdocs hudson ide idx_config index1 invoker jenkins jira jmx-console joomla json-rpc
    jsonrpc kibana laravel latest-meta-data login1 login_form logon lost-found mage magento
    mail_password_form mysql mysql-admin mysqladmin mysqlmanager nacos nagios nginx_status
    node_modules odinhttpcall1 opcache owa owncloud php-admin php-info php-my-admin phpadmin
    phpinfo phpma phpmy-admin phpmyadmin phpmyadmin2 phppgadmin phpunit pma pma2 pmahome
    portal_upload prometheus remote_login roundcube rpc rpc2 sdk sdk-server server-info
    server-status server_info server_status setup-config sitemap_index solr sonicui sql
    sqladmin sqlmanager sslvpn sslvpn_websession stalker_portal struts struts2 swagger
    swagger-resources swagger-ui sym404 telescope test-cgi thinkphp tmui typo3 typo3conf
    user_login v1_api vendor version_json vpnsvc web-console web-inf webadmin webapi webdav
    webfig webmail webui whm winbox wlwmanifest wordpress wp wp1 wp2 wsman xampp xmlrpc xss
    zabbix zimbra
"""
_NAMES: Final = frozenset(_WRITTEN.split())
"""What stands alone in a path, in small letters."""

_BEGINNINGS: Final = re.compile(
    r"__|_(?:profiler|ignition|next|nuxt|vti|layouts|catalogs|debugbar|wpeprivate|cluster|search)"
    r"|wp-|wp_|php_?my|apple-touch-icon|favicon-|mstile|browserconfig|nmap|nice_ports|hnap|cgi-"
    r"|owa-|ecp-|jmx-|struts-|swagger-|telescope-|phpinfo|dns-query|sitemap-"
)

_FILE: Final = re.compile(r"\.[A-Za-z0-9]|[~${\\]")
"""What stands behind a name in a path where a file is asked for, or something is tried out."""


def is_probe(code: str, rest: str) -> bool:
    """Whether a path asks for something that no code is: `rest` is what stands behind its code."""
    if _FILE.match(rest):
        return True
    name = code.lower()
    return name in _NAMES or _BEGINNINGS.match(name) is not None

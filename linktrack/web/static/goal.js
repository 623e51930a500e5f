/* linktrack: keeps a visitor's click id and tells of goals. Nothing under GPC or DNT. */
(function (w, d, n) {
  var k = "lt_click", s = d.currentScript, u = location.href, m = RegExp("([?&])" + k + "=([^&#]*)&?").exec(u), no = n.globalPrivacyControl || n.doNotTrack == 1, g = s.getAttribute("data-goal");
  if (m) {
    history.replaceState(history.state, "", u.replace(m[0], m[1]).replace(/[?&](?=#|$)/, ""));
    if (!no) try { w.localStorage[k] = Date.now() + " " + m[2]; } catch (e) {}
  }
  w.linktrack = function (g) {
    try {
      var c = w.localStorage, v = (c[k] || "").split(" ");
      if (no || Date.now() - v[0] > 2592e6) c.removeItem(k);
      else if (v[1]) fetch(s.src.replace(/goal\.js.*/, "goals/") + g, { method: "POST", body: v[1], keepalive: true, credentials: "omit" }).catch(function () {});
    } catch (e) {}
  };
  if (g || no) w.linktrack(g);
})(window, document, navigator);

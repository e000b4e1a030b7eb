import{a as y}from"./chunk-PRVOE5P6.js";import{a,d as e,e as f,f as C,g as v,h as S,i as k,j as g}from"./chunk-W7XH4LVP.js";import{e as _,k as c,p as w,r as b,t as h}from"./chunk-J2T52GRY.js";var T=86400;function N({title:u,text:r,onClose:n}){return a`<${y} title=${u} onClose=${n}><p>${e("keys.once")}</p><pre class="code break" tabindex="0">${r}</pre>
    <p class="actions"><button onClick=${()=>navigator.clipboard.writeText(r).then(()=>S(e("copied"))).catch(g)}>${e("copy")}</button>
      <button class="primary" autofocus onClick=${n}>${e("close")}</button></p><//>`}function P({tenants:u,onMade:r,onClose:n}){let i=c(""),p=async $=>{$.preventDefault();let s=new FormData($.target),o={tenant:s.get("tenant"),role:s.get("role"),prefix:s.get("prefix"),label:s.get("label"),expires_in:s.get("days")?Number(s.get("days"))*T:null};try{r((await b("POST","/keys",{json:o})).key)}catch(l){i.value=k(l)}};return a`<${y} title=${e("keys.new")} onClose=${n}><form onSubmit=${p}>
    <label>${e("keys.label")}<input name="label" autofocus maxlength="200" /></label>
    <label>${e("keys.role")}<select name="role"><option value="read">read – ${e("role.read")}</option><option value="write" selected>write – ${e("role.write")}</option><option value="admin">admin – ${e("role.admin")}</option></select></label>
    <label>${e("keys.tenant")}<select name="tenant">${u.map($=>a`<option>${$.name}</option>`)}</select></label>
    <label>${e("keys.prefix")}<input name="prefix" placeholder="shop/" spellcheck=${!1} /></label>
    <label>${e("keys.days")}<input name="days" type="number" min="1" max="3650" /></label>
    <p class="error" role="alert">${i}</p>
    <p class="actions"><button type="button" onClick=${n}>${e("cancel")}</button><button class="primary">${e("keys.make")}</button></p></form><//>`}function q({used:u,most:r,text:n,label:i}){return a`<span>${n(u)}${r===null?"":` / ${n(r)}`}</span>${r!==null&&a`<meter min="0" max=${r||1} high=${.9*(r||1)} value=${u} aria-label=${i}></meter>`}`}function j({tenants:u,onChange:r}){let n=c(null),i=c(""),p=async o=>{o.preventDefault();let l=new FormData(o.target),t=(m,d=1)=>l.get(m)?Math.round(Number(l.get(m))*d):null;try{await b("PUT",`/tenants/${encodeURIComponent(String(l.get("name")??n.value?.name))}`,{json:{max_bytes:t("megabytes",1e6),max_assets:t("assets"),requests_per_minute:t("rate")}}),n.value=null,i.value="",r()}catch(m){i.value=k(m)}},$=o=>{i.value="",n.value=o??{name:"",max_bytes:null,max_assets:null,requests_per_minute:null,assets:0,bytes:0,reserved:0}},s=n.value;return a`<section aria-labelledby="tenants"><h2 id="tenants">${e("tenants.title")}</h2><div class="scroll" tabindex="0" role="group" aria-labelledby="tenants"><table>
    <thead><tr><th>${e("keys.tenant")}</th><th>${e("tenants.bytes")}</th><th>${e("tenants.assets")}</th><th>${e("tenants.rate")}</th><th><span class="visually-hidden">${e("tenants.edit")}</span></th></tr></thead>
    <tbody>${u.map(o=>a`<tr><th scope="row">${o.name}</th><td><${q} used=${o.bytes+o.reserved} most=${o.max_bytes} text=${C} label=${e("tenants.bytes")} /></td>
      <td><${q} used=${o.assets} most=${o.max_assets} text=${f} label=${e("tenants.assets")} /></td><td>${o.requests_per_minute===null?"–":f(o.requests_per_minute)}</td>
      <td><button onClick=${()=>$(o)}>${e("tenants.edit")}</button></td></tr>`)}</tbody></table></div>
    <p><button onClick=${()=>$(null)}>${e("tenants.new")}</button></p>
    ${s&&a`<${y} title=${s.name||e("tenants.new")} onClose=${()=>{n.value=null}}><form onSubmit=${p}>
      ${!s.name&&a`<label>${e("tenants.name")}<input name="name" autofocus required pattern="[a-z0-9][a-z0-9_-]*" maxlength="63" /></label>`}
      <label>${e("tenants.megabytes")}<input name="megabytes" type="number" min="0" step="any" defaultValue=${s.max_bytes===null?"":s.max_bytes/1e6} /></label>
      <label>${e("tenants.assets")}<input name="assets" type="number" min="0" defaultValue=${s.max_assets??""} /></label>
      <label>${e("tenants.rate")}<input name="rate" type="number" min="0" defaultValue=${s.requests_per_minute??""} /></label>
      <p class="faint">${e("tenants.help")}</p><p class="error" role="alert">${i}</p>
      <p class="actions"><button type="button" onClick=${()=>{n.value=null}}>${e("cancel")}</button><button class="primary">${e("save")}</button></p></form><//>`}
  </section>`}function z({onMade:u}){let r=c(w.value?.prefix||"uploads/"),n=c("60"),i=c("20"),p=c("image/jpeg, image/png"),$=c(""),s={expires_in:Math.round(Number(n.value)*60),prefix:r.value,max_size:Math.round(Number(i.value)*1e6),types:p.value.split(",").map(m=>m.trim()).filter(Boolean)},o=async m=>{m.preventDefault(),$.value="";try{u((await b("POST","/tokens",{json:s})).token)}catch(d){$.value=k(d)}},l=(m,d,x="text")=>a`<label>${m}<input type=${x} min=${x==="number"?1:null} value=${d} onInput=${D=>{d.value=D.target.value}} /></label>`,t=`curl --request POST ${location.origin}/tokens \\
  --header "Authorization: Bearer $API_KEY" --json '${JSON.stringify(s)}'`;return a`<section aria-labelledby="tokens"><h2 id="tokens">${e("tokens.title")}</h2><p class="faint">${e("tokens.help")}</p>
    <form onSubmit=${o}><div class="line">${l(e("keys.prefix"),r)}${l(e("tokens.minutes"),n,"number")}${l(e("tenants.megabytes"),i,"number")}${l(e("tokens.types"),p)}</div>
      <pre class="code" tabindex="0" aria-labelledby="tokens">${t}</pre><p class="error" role="alert">${$}</p><p><button class="primary">${e("tokens.make")}</button></p></form></section>`}function V(){let u=c(null),r=c([]),n=c(null),i=c(""),p=()=>{n.value=null},$=async()=>{let[t,m]=await Promise.all([h("/keys"),h("/tenants")]);u.value=t.keys,r.value=m.tenants},s=()=>$().catch(t=>{i.value=k(t)});_(()=>{s()},[]);let o=t=>b("DELETE",`/keys/${t.id}`).then(s).catch(g),l=n.value;return a`<main class="page" id="main" tabindex="-1" aria-busy=${u.value||i.value?null:"true"}>
    <h1>${e("nav.keys")}</h1>
    ${i.value&&a`<p class="error" role="alert">${i}</p>`}
    ${u.value&&a`<p><button class="primary" onClick=${()=>{n.value={kind:"new"}}}>${e("keys.new")}</button></p>
      ${u.value.length?a`<div class="scroll" tabindex="0" role="group" aria-label=${e("nav.keys")}><table>
        <thead><tr><th>${e("keys.label")}</th><th>${e("keys.role")}</th><th>${e("keys.tenant")}</th><th>${e("keys.prefix")}</th><th>${e("keys.created")}</th><th>${e("keys.ends")}</th><th><span class="visually-hidden">${e("keys.revoke")}</span></th></tr></thead>
        <tbody>${u.value.map(t=>a`<tr class=${t.revoked?"faint":""}><th scope="row">${t.label||a`<code>${t.id.slice(0,8)}</code>`}</th><td>${t.role}</td><td>${t.tenant}</td><td>${t.prefix||"–"}</td><td class="amount">${v(t.created)}</td>
          <td class="amount">${t.revoked?e("keys.revoked",{date:v(t.revoked)}):t.expires?v(t.expires):"–"}</td>
          <td>${!t.revoked&&a`<button class="danger" onClick=${()=>{n.value={kind:"revoke",key:t}}}>${e("keys.revoke")}</button>`}</td></tr>`)}</tbody></table></div>`:a`<p class="faint">${e("keys.none")}</p>`}
      <${j} tenants=${r.value} onChange=${s} />
      <${z} onMade=${t=>{n.value={kind:"token",text:t}}} />`}
    ${l?.kind==="new"&&a`<${P} tenants=${r.value} onClose=${p} onMade=${t=>{n.value={kind:"key",text:t},s()}} />`}
    ${(l?.kind==="key"||l?.kind==="token")&&a`<${N} title=${e(l.kind==="key"?"keys.made":"tokens.made")} text=${l.text??""} onClose=${p} />`}
    ${l?.kind==="revoke"&&l.key&&a`<${y} title=${e("keys.revoke_title",{name:l.key.label||l.key.id.slice(0,8)})} onClose=${p}><p>${e("keys.revoke_help")}</p>
      <p class="actions"><button autofocus onClick=${p}>${e("cancel")}</button><button class="danger" onClick=${()=>{let t=l.key;p(),o(t)}}>${e("keys.revoke")}</button></p><//>`}
  </main>`}export{V as Keys};

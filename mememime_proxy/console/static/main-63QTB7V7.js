import{a as xe,b as ke,c as Me,d as Se}from"./chunk-W75SXNCN.js";import{a as U}from"./chunk-JBJU5HCT.js";import{a as i,b as q,c as F,d as z,e as le,f as ye,g as o,h as N,i as be,j as Y,l as B,m as x,n as we}from"./chunk-BASUA5YV.js";import{d as pe,e as E,f as R,g as L,h as ae,i as A,j as he,k as y,l as fe,m as me,o as P,r as H,s as $e,t as de,u as ve,v as ge}from"./chunk-BKEQJMOD.js";function Ce(t,e,a,n){let l=Math.max(1,Math.floor((t+8)/(n+8))),u=Math.max(32,Math.floor((t+8)/l)-8),f=u+8,v=Math.ceil(a/l),p=Math.max(e,v*f);return{columns:l,cell:u,row:f,rows:v,full:p,shown:Math.min(p,8e6),view:e}}function Ee(t,e){let a=t.shown-t.view;return a>0?e*(t.full-t.view)/a:0}function oe(t,e){let a=t.full-t.view;return a>0?e*(t.shown-t.view)/a:0}function Ae(t,e,a){let n=Math.max(0,Math.floor(e/t.row)-1)*t.columns,l=Math.min(a,(Math.ceil((e+t.view)/t.row)+1)*t.columns);return{first:n,last:l}}function Pe(t,e,a){let n=Math.floor(e/t.columns)*t.row;return n<a?n:Math.max(a,Math.min(t.full,n+t.row)-t.view)}function De(t){let e=t*Math.min(3,devicePixelRatio||1);return[96,160,240,320,480,640,960].find(a=>a>=e)??960}var Q=t=>t.filename||t.sha256.slice(0,12);function He(t){let e=t.facts?`, ${t.facts.width} × ${t.facts.height}`:"";return`${Q(t)}${e}, ${be(t.size)}, ${Y(t.created)}`}function ze({store:t,cell:e,selected:a,onOpen:n,onPreview:l,onKey:u}){let f=L(null),v=y(null),p=y(0),m=y(0),w=L(-1),C=L(null);R(()=>{let r=f.current,h=()=>{v.value={width:r.clientWidth-24,view:r.clientHeight}};h();let $=new ResizeObserver(h);return $.observe(r),()=>$.disconnect()},[]);let O=t.total.value;t.version.value,a.version.value;let k=O??0,s=v.value&&Ce(v.value.width,v.value.view,k,e),M=s?s.full>s.shown:!1,S=s?Ae(s,p.value,k):{first:0,last:0};E(()=>{if(!s)return;t.size=De(s.cell);let r=setTimeout(()=>t.want(S.first,Math.max(S.last,1)),O===null?0:60);return()=>clearTimeout(r)},[t,O===null,S.first,S.last,s?.cell]);function c(r){!s||!f.current||(p.value=Math.max(0,Math.min(s.full-s.view,r)),w.current=Math.round(oe(s,p.value)),f.current.scrollTop=w.current)}function g(){if(!s||!f.current)return;let r=f.current.scrollTop;Math.abs(r-w.current)<=1||(w.current=-1,p.value=M?Ee(s,r):r)}E(()=>{let r=f.current;if(!r||!M)return;let h=$=>{$.ctrlKey||($.preventDefault(),c(p.value+$.deltaY*($.deltaMode===1?20:1)))};return r.addEventListener("wheel",h,{passive:!1}),()=>r.removeEventListener("wheel",h)});function T(r){!s||!k||(m.value=Math.max(0,Math.min(k-1,r)),c(Pe(s,m.value,p.value)),requestAnimationFrame(()=>{let h=f.current?.querySelector(`[data-index="${m.value}"]`);h instanceof HTMLElement&&h.focus({preventScroll:!0})}))}function Oe(r){if(!s)return;let h=m.value,$=t.at(h),K=Math.max(1,Math.floor(s.view/s.row))*s.columns,b={ArrowLeft:h-1,h:h-1,ArrowRight:h+1,l:h+1,ArrowUp:h-s.columns,k:h-s.columns,ArrowDown:h+s.columns,j:h+s.columns,PageUp:h-K,PageDown:h+K,Home:0,End:k-1};if(r.key in b&&!r.ctrlKey&&!r.metaKey&&!r.altKey){if(r.preventDefault(),r.shiftKey&&$&&a.add($),T(b[r.key]),r.shiftKey){let d=t.at(m.value);d&&a.add(d)}}else r.key==="Enter"&&$?(r.preventDefault(),n($)):r.key===" "&&$?(r.preventDefault(),l($)):r.key==="x"&&$&&!r.ctrlKey?(r.preventDefault(),a.toggle($),C.current=h):r.key.toLowerCase()==="a"&&(r.ctrlKey||r.metaKey)?(r.preventDefault(),a.selectAll(k)):r.key==="Escape"?a.clear():u(r,$)}function Ie(r,h,$){if(m.value=h,r.shiftKey&&C.current!==null){let[K,b]=[Math.min(C.current,h),Math.max(C.current,h)];for(let d=K;d<=b;d+=1){let I=t.at(d);I&&a.add(I)}}else r.ctrlKey||r.metaKey||a.count.value?(a.toggle($),C.current=h):n($)}function Re(r){s&&c(Number(r.target.value)/1e3*(s.full-s.view))}me(()=>{t.total.value!==null&&m.value>=t.total.value&&(m.value=Math.max(0,t.total.value-1))});let ue=[];if(s)for(let r=S.first;r<S.last;r+=s.columns){let h=r/s.columns,$=[];for(let b=r;b<Math.min(r+s.columns,S.last);b+=1){let d=t.at(b),I=d&&t.url(d),ce=d?a.has(d):!1;$.push(i`<div role="gridcell" class=${ce?"cell chosen":"cell"} key=${d?.sha256??b}
          data-index=${b} tabindex=${b===m.value?0:-1} aria-colindex=${b%s.columns+1}
          aria-selected=${ce} aria-label=${d?He(d):o("gallery.loading")}
          style=${{width:`${s.cell}px`,height:`${s.cell}px`,left:`${b%s.columns*s.row}px`,backgroundColor:d?.facts?.dominant_color??""}}
          onClick=${te=>d&&Ie(te,b,d)}
          onFocus=${()=>{m.value=b}}>
          ${I&&i`<img src=${I} alt="" width=${s.cell} height=${s.cell} decoding="async" draggable=${!1} />`}
          <span class="tick" aria-hidden="true" onClick=${te=>{te.stopPropagation(),d&&(a.toggle(d),C.current=b)}}>✓</span>
          ${d?.state==="ready"&&(d.facts?.frames??1)>1&&i`<span class="badge" aria-hidden="true">▶</span>`}
        </div>`)}let K=M?oe(s,p.value)+(h*s.row-p.value):h*s.row;ue.push(i`<div role="row" class="row" key=${h} aria-rowindex=${h+1} style=${{transform:`translateY(${K}px)`,height:`${s.cell}px`}}>${$}</div>`)}let W=s?t.at(Math.min(k-1,Math.ceil(p.value/s.row)*s.columns)):void 0,ee=s&&s.full>s.view?Math.round(1e3*p.value/(s.full-s.view)):0;return i`<div class="grid-room">
    <div class="grid" ref=${f} onScroll=${g} onKeyDown=${Oe} tabindex="-1">
      <div role="grid" aria-label=${o("nav.gallery")} aria-multiselectable="true" aria-rowcount=${s?.rows??0} aria-colcount=${s?.columns??0}
        style=${{height:`${s?.shown??0}px`}}>${ue}</div>
    </div>
    ${s&&s.full>3*s.view&&i`<label class="scrubber">
      <span class="visually-hidden">${o("gallery.scrubber")}</span>
      <input type="range" min="0" max="1000" value=${ee} onInput=${Re}
        aria-valuetext=${W?`${Y(W.created)}, ${N(Math.ceil(p.value/s.row)*s.columns+1)} / ${N(k)}`:""} />
      <output style=${{top:`calc(${ee/10}% - ${ee/1e3*24}px)`}}>${W?Y(W.created):"…"}</output>
    </label>`}
  </div>`}var Ne={red:"d02020",orange:"e08020",yellow:"e8d030",green:"30a040",teal:"209090",blue:"2050d0",purple:"8030b0",pink:"e070a0",brown:"805030",black:"101010",gray:"808080",white:"f4f4f4"},Ue={"":1,b:1,kb:1e3,mb:1e6,gb:1e9},se={newest:"sort=created&order=desc",oldest:"sort=created&order=asc",largest:"sort=size&order=desc",smallest:"sort=size&order=asc"},ne=Object.keys(se),je=new Set(["ready","quarantined","deleted"]);function V(t){return(t.match(/(?:[^\s"]|"[^"]*")+/g)??[]).map(a=>{let n=/^(tag|type|alias|color|after|before|state|is):(.+)$/i.exec(a);if(n)return{text:a,name:n[1].toLowerCase(),value:n[2].replaceAll('"',"")};let l=/^([<>])(\d+(?:\.\d+)?)(b|kb|mb|gb)$/i.exec(a);if(l)return{text:a,name:l[1]===">"?"min_size":"max_size",value:String(Math.round(Number(l[2])*Ue[l[3].toLowerCase()]))};let u=/^([wh])([<>])(\d+)$/i.exec(a);return u?{text:a,name:`${u[2]===">"?"min":"max"}_${u[1].toLowerCase()==="w"?"width":"height"}`,value:u[3]}:{text:a,name:"",value:a.replaceAll('"',"")}})}function We(t){let e=t.toLowerCase();return e.includes("/")?e:`image/${{jpg:"jpeg",svg:"svg+xml",tif:"tiff"}[e]??e}`}function Te(t,e){let a=new URLSearchParams(se[e]??se.newest),n=[];a.set("state","ready");for(let l of V(t))l.name===""?n.push(l.value):l.name==="type"?a.set("type",We(l.value)):l.name==="color"?a.set("color",Ne[l.value.toLowerCase()]??l.value.replace("#","")):l.name==="after"?a.set("since",l.value):l.name==="state"?a.set("state",je.has(l.value)?l.value:"ready"):l.name==="is"?l.value==="unnamed"&&a.set("unnamed","true"):a.set(l.name,l.value);return n.length&&a.set("q",n.join(" ")),a.toString()}function Ke(t,e){return V(t).filter(a=>a.text!==e.text).map(a=>a.text).join(" ")}var J=class{constructor(){this.version=A(0),this.assets=new Map,this.except=null,this.total=0,this.count=he(()=>(this.version.value,this.except?this.total-this.except.size:this.assets.size))}has(e){return this.except?!this.except.has(e.sha256):this.assets.has(e.sha256)}add(e){this.except?this.except.delete(e.sha256):this.assets.set(e.sha256,e),this.version.value+=1}toggle(e){this.has(e)?(this.except?this.except.add(e.sha256):this.assets.delete(e.sha256),this.version.value+=1):this.add(e)}selectAll(e){this.assets.clear(),this.except=new Set,this.total=e,this.version.value+=1}clear(){this.assets.clear(),this.except=null,this.version.value+=1}async*each(e){if(this.except){let a=new Set(this.except);for await(let n of e.all())a.has(n.sha256)||(yield n)}else yield*[...this.assets.values()]}};var _=200,Fe=40,X=class{constructor(e){this.query=e,this.total=A(null),this.error=A(null),this.version=A(0),this.pages=new Map,this.loading=new Map,this.urls=new Map,this.size=240}at(e){return this.pages.get(Math.floor(e/_))?.[e%_]}url(e){return this.urls.get(`${this.size} ${e.sha256}`)}want(e,a){let n=new Set;for(let l=Math.floor(e/_);l<=Math.floor(Math.max(e,a-1)/_);l+=1)n.add(l);for(let[l,u]of this.loading)n.has(l)||(u.abort(),this.loading.delete(l));for(let l of n)!this.pages.has(l)&&!this.loading.has(l)?this.load(l):this.pages.has(l)&&this.signPage(l)}async load(e){let a=new AbortController;this.loading.set(e,a);try{let n=this.total.value===null?"&total=true":"",l=await H(`/assets?${this.query}&limit=${_}&offset=${e*_}${n}`,a.signal);this.pages.set(e,l.assets),l.total!==void 0&&(this.total.value=l.total),this.forget(e),this.version.value+=1,await this.signPage(e,a.signal)}catch(n){if(n instanceof DOMException)return;this.error.value=n,this.total.value!==null&&x(n)}finally{this.loading.get(e)===a&&this.loading.delete(e)}}async signPage(e,a){let n=this.size,l=(this.pages.get(e)??[]).filter(u=>u.state==="ready"&&!this.urls.has(`${n} ${u.sha256}`));if(l.length){for(let u of l)this.urls.set(`${n} ${u.sha256}`,"");try{let u=[`rs:fill:${n}:${n}`,"g:sm"],f=await ge(l.map(v=>({source:`asset://${v.sha256}`,options:u,format:"webp"})),a);l.forEach((v,p)=>this.urls.set(`${n} ${v.sha256}`,f[p].url??"")),this.version.value+=1}catch(u){for(let f of l)this.urls.delete(`${n} ${f.sha256}`);throw u}}}forget(e){let a=[...this.pages.keys()].sort((n,l)=>Math.abs(l-e)-Math.abs(n-e));for(let n of a.slice(0,Math.max(0,a.length-Fe))){for(let l of this.pages.get(n)??[])this.urls.delete(`${this.size} ${l.sha256}`);this.pages.delete(n)}}async*all(){let e="";do{let a=await H(`/assets?${this.query}&limit=1000${e&&`&cursor=${e}`}`);yield*a.assets,e=a.cursor??""}while(e)}close(){for(let e of this.loading.values())e.abort();this.loading.clear()}};var Ye=["search","move","open","preview","select","all","tag","focus","copy","delete","help"];function G(t,e){let a=new URLSearchParams(q.value.query);e?a.set(t,e):a.delete(t),F(`/${a.size?`?${a}`:""}`,{replace:!0})}function Be({store:t,asset:e,onClose:a}){let n=y("");return E(()=>{let l=new AbortController;return import("./chunk-HN3FGCRW.js").then(({sign:u})=>u([{source:`asset://${e.sha256}`,options:["rs:fit:1600:1200"],format:"webp"}],l.signal)).then(([u])=>{n.value=u.url??""}).catch(x),()=>l.abort()},[e]),i`<${U} title=${Q(e)} wide onClose=${a}>
    <img class="preview" src=${n.value||t.url(e)||null} alt=${Q(e)} />
    <p><a class="button" href=${z(`/assets/${e.sha256}`)}>${o("open")}</a></p>
  <//>`}function Qe({onClose:t,onApply:e,count:a}){let n=y(""),l=y(""),u=y(!1),f=y([]);E(()=>{H("/tags?limit=200").then(m=>{f.value=m.tags}).catch(x)},[]);let v=m=>m.split(",").map(w=>w.trim()).filter(Boolean),p=async m=>{m.preventDefault(),u.value=!0,await e(v(n.value),v(l.value)).catch(x),t()};return i`<${U} title=${o("tags.title",{count:a})} onClose=${t}>
    <form onSubmit=${p}>
      <p class="faint">${o("tags.help")}</p>
      <label>${o("tags.add")}<input list="known-tags" autofocus value=${n} onInput=${m=>{n.value=m.target.value}} /></label>
      <label>${o("tags.remove")}<input list="known-tags" value=${l} onInput=${m=>{l.value=m.target.value}} /></label>
      <datalist id="known-tags">${f.value.map(m=>i`<option value=${m.tag}>${N(m.aliases)}</option>`)}</datalist>
      <p class="actions"><button type="button" onClick=${t}>${o("cancel")}</button>
        <button class="primary" disabled=${u.value||!(n.value.trim()||l.value.trim())}>${o("apply")}</button></p>
    </form>
  <//>`}function Ve({onClose:t}){return i`<${U} title=${o("keys.title")} onClose=${t}>
    <dl class="keys">${Ye.map(e=>i`<dt><kbd>${o(`keys.${e}.keys`)}</kbd></dt><dd>${o(`keys.${e}`)}</dd>`)}</dl>
    <h3>${o("search.help_title")}</h3>
    <p><code>${o("search.example")}</code></p><p class="faint">${o("search.help")}</p>
  <//>`}function Je({searched:t}){return i`<div class="empty">
    <h2>${t?o("gallery.none"):o("gallery.empty")}</h2>
    <p>${t?o("gallery.none_help"):o("gallery.empty_help")}</p>
    ${t?i`<button onClick=${()=>G("q","")}>${o("search.clear")}</button>`:i`<a class="button primary" href=${z("/upload")}>${o("nav.upload")}</a>`}
  </div>`}function Le(){let t=q.value.query,e=t.get("q")??"",a=ne.includes(t.get("sort")??"")?t.get("sort"):"newest",n=Math.min(320,Math.max(96,Number(t.get("size"))||(innerWidth<600?110:180))),l=y(0),u=ae(()=>new J,[]),f=ae(()=>new X(Te(e,a)),[e,a,l.value]);E(()=>()=>f.close(),[f]),R(()=>{u.clear()},[f]);let v=L(null),p=y(null),m=fe(()=>P.value?.role!=="read"),w=()=>{p.value=null},C=()=>{l.value+=1};function O(c,g){if(c.ctrlKey||c.metaKey||c.altKey)return;let T=u.count.value>0;c.key==="c"&&g?Me(g).catch(x):c.key==="e"&&g?F(`/assets/${g.sha256}?focus=1`):c.key==="t"&&(T||g)?(c.preventDefault(),p.value={kind:"tags",asset:T?void 0:g}):c.key==="Delete"&&(T||g)&&(p.value={kind:"delete",asset:T?void 0:g})}R(()=>{let c=g=>{g.target instanceof HTMLElement&&g.target.closest("input, textarea, select, dialog")||(g.key==="/"&&(g.preventDefault(),v.current?.focus()),g.key==="?"&&(p.value={kind:"help"}))};return addEventListener("keydown",c),()=>removeEventListener("keydown",c)},[]);let k=()=>p.value?.asset?Se([p.value.asset]):u.each(f),s=p.value?.asset?1:u.count.value,M=f.total.value,S=f.error.value;return i`<main class="gallery" id="main" tabindex="-1" aria-busy=${M===null&&!S?"true":null}>
    <h1 class="visually-hidden">${o("nav.gallery")}</h1>
    <div class="tools">
      <form role="search" onSubmit=${c=>{c.preventDefault(),G("q",v.current?.value.trim()??"")}}>
        <input ref=${v} type="search" key=${e} defaultValue=${e} aria-label=${o("search.label")} placeholder=${o("search.placeholder")}
          onSearch=${c=>G("q",c.target.value.trim())} />
      </form>
      <label class="inline">${o("order")}<select value=${a} onChange=${c=>G("sort",c.target.value)}>
        ${ne.map(c=>i`<option value=${c}>${o(`order.${c}`)}</option>`)}
      </select></label>
      <label class="inline size">${o("size")}<input type="range" min="96" max="320" step="8" value=${n} onChange=${c=>G("size",c.target.value)} /></label>
      <span class="faint count" role="status">${M===null?"":o(M===1?"gallery.one":"gallery.count",{count:M})}</span>
      <button class="icon" aria-label=${o("keys.title")} title=${o("keys.title")} onClick=${()=>{p.value={kind:"help"}}}>?</button>
    </div>
    ${e&&i`<ul class="chips" aria-label=${o("search.chips")}>${V(e).map(c=>i`<li class="chip">${c.text}
      <button aria-label=${o("search.remove",{word:c.text})} onClick=${()=>G("q",Ke(e,c))}>×</button></li>`)}</ul>`}
    ${u.count.value>0&&i`<div class="selection" role="region" aria-label=${o("bulk.label")}>
      <strong>${o("bulk.count",{count:u.count.value})}</strong>
      <button onClick=${()=>u.selectAll(M??0)}>${o("bulk.all")}</button>
      <button onClick=${()=>u.clear()}>${o("bulk.clear")}</button>
      <span class="space"></span>
      ${m.value&&i`<button onClick=${()=>{p.value={kind:"tags"}}}>${o("bulk.tags")}</button>
        <button class="danger" onClick=${()=>{p.value={kind:"delete"}}}>${o("delete")}</button>`}
    </div>`}
    ${S&&M===null?i`<div class="empty" role="alert"><h2>${o("error.title")}</h2><p>${B(S)}</p><button onClick=${C}>${o("retry")}</button></div>`:M===0?i`<${Je} searched=${e!==""} />`:i`<${ze} key=${`${e} ${a} ${l.value}`} store=${f} cell=${n} selected=${u}
            onOpen=${c=>F(`/assets/${c.sha256}`)} onKey=${O}
            onPreview=${c=>{p.value={kind:"preview",asset:c}}} />`}
    ${p.value?.kind==="preview"&&p.value.asset&&i`<${Be} store=${f} asset=${p.value.asset} onClose=${w} />`}
    ${p.value?.kind==="help"&&i`<${Ve} onClose=${w} />`}
    ${p.value?.kind==="tags"&&i`<${Qe} count=${s} onClose=${w} onApply=${(c,g)=>ke(k(),c,g)} />`}
    ${p.value?.kind==="delete"&&i`<${U} title=${o("delete.title",{count:s})} onClose=${w}>
      <p>${o("delete.help",{days:Math.round((P.value?.delete_grace??0)/86400)})}</p>
      <p class="actions"><button onClick=${w}>${o("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{let c=k();w(),xe(c,C).catch(x)}}>${o("delete")}</button></p>
    <//>`}
  </main>`}function qe(){let t=y(""),e=y(""),a=y(!1);async function n(l){l.preventDefault(),a.value=!0,e.value="";try{await de(t.value.trim())}catch(u){e.value=B(u)}finally{t.value="",a.value=!1}}return i`<main class="sign-in">
    <form class="card" onSubmit=${n}>
      <h1>${o("sign_in.title")}</h1>
      <p>${o("sign_in.help")}</p>
      <label for="key">${o("sign_in.key")}</label>
      <input id="key" type="password" autocomplete="off" required autofocus value=${t}
        aria-describedby="sign-in-error" onInput=${l=>{t.value=l.target.value}} />
      <p id="sign-in-error" class="error" role="alert">${e}</p>
      <button class="primary" disabled=${a.value||!t.value.trim()}>${o("sign_in.submit")}</button>
      <p class="faint">${o("sign_in.where")} <code>mememime keys create --role write</code></p>
    </form>
  </main>`}var Z=["system","light","dark"],re=localStorage.getItem("theme"),D=A(re&&Z.includes(re)?re:"system");function ie(){document.documentElement.dataset.theme=D.value}function _e(){D.value=Z[(Z.indexOf(D.value)+1)%Z.length],localStorage.setItem("theme",D.value),ie()}var Xe=[{path:"/",label:"nav.gallery"},{path:"/upload",label:"nav.upload"},{path:"/playground",label:"nav.playground"},{path:"/explain",label:"nav.explain"}],Ze={system:"◐",light:"☀",dark:"☾"};function j({load:t}){let e=y(null);return E(()=>{t().then(a=>{e.value={Page:a}}).catch(x)},[t]),e.value?i`<${e.value.Page} />`:i`<main class="page" id="main" tabindex="-1" aria-busy="true"></main>`}var et=()=>import("./chunk-4KAXF722.js").then(t=>t.Upload),tt=()=>import("./chunk-T6LFOOFD.js").then(t=>t.Playground),at=()=>import("./chunk-3NYGOLNR.js").then(t=>t.Explain),lt=()=>import("./chunk-BK2L5TCL.js").then(t=>t.AssetPage),ot=()=>import("./chunk-ERPWDFFK.js").then(t=>t.AliasPage);function st(){let t=q.value.path;return t==="/"?i`<${Le} />`:t==="/upload"?i`<${j} key="upload" load=${et} />`:t==="/playground"?i`<${j} key="playground" load=${tt} />`:t==="/explain"?i`<${j} key="explain" load=${at} />`:/^\/assets\/[0-9a-f]{64}$/.test(t)?i`<${j} key=${t} load=${lt} />`:/^\/aliases\/.+$/.test(t)?i`<${j} key=${t} load=${ot} />`:i`<main class="page" id="main" tabindex="-1"><h1>${o("error.no_page")}</h1><p><a href=${z("/")}>${o("nav.gallery")}</a></p></main>`}function nt(){let t=q.value.path;return i`<header class="bar">
    <a class="skip" href="#main" onClick=${e=>{e.preventDefault(),document.querySelector("main")?.focus()}}>${o("skip")}</a>
    <a class="brand" href=${z("/")}>Mememime</a>
    <nav aria-label=${o("nav.label")}>
      ${Xe.map(e=>i`<a href=${z(e.path)} aria-current=${t===e.path?"page":null}>${o(e.label)}</a>`)}
    </nav>
    <span class="space"></span>
    <span class="who faint" title=${P.value?.credential}>${P.value?.tenant} · ${P.value?.role}</span>
    <button class="icon" title=${`${o("theme")}: ${D.value}`} aria-label=${`${o("theme")}: ${D.value}`} onClick=${_e}>${Ze[D.value]}</button>
    <select aria-label=${o("language")} value=${le} onChange=${e=>ye(e.target.value)}>
      <option value="en">EN</option><option value="de">DE</option>
    </select>
    <button class="quiet" onClick=${()=>ve().catch(x)}>${o("sign_out")}</button>
  </header>`}function Ge(){return document.documentElement.lang=le.value,i`${P.value?i`<${nt} /><${st} />`:i`<${qe} />`}<${we} />`}ie();$e().catch(x).finally(()=>{pe(i`<${Ge} />`,document.getElementById("app"))});

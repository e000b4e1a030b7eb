import{a as De,b as Ae,c as Pe,d as ze,e as Te,f as qe,h as Ke}from"./chunk-YPSVSNR6.js";import{b as Le}from"./chunk-43SG2CIE.js";import{a as Ee}from"./chunk-UAITM3LB.js";import{a as H}from"./chunk-HZ47TEEP.js";import{a as L}from"./chunk-QQSZPKRX.js";import{a as N,b as Z,c as K}from"./chunk-5BUQPANI.js";import{a as r,b as ie,c as Me,d as o,e as V,f as Se,g as X,i as ee,j as b,k as Ce}from"./chunk-J2CAOK4Q.js";import{d as de,e as S,f as q,g as R,h as re,i as A,j as ve,k as d,l as ge,m as ye,n as F,p as C,t as Y,u as be,v as we,w as xe,x as ke}from"./chunk-J2T52GRY.js";function _e(t,e,a,n){let l=Math.max(1,Math.floor((t+8)/(n+8))),u=Math.max(32,Math.floor((t+8)/l)-8),m=u+8,v=Math.ceil(a/l),c=Math.max(e,v*m);return{columns:l,cell:u,row:m,rows:v,full:c,shown:Math.min(c,8e6),view:e}}function Oe(t,e){let a=t.shown-t.view;return a>0?e*(t.full-t.view)/a:0}function ue(t,e){let a=t.full-t.view;return a>0?e*(t.shown-t.view)/a:0}function Ge(t,e,a){let n=Math.max(0,Math.floor(e/t.row)-1)*t.columns,l=Math.min(a,(Math.ceil((e+t.view)/t.row)+1)*t.columns);return{first:n,last:l}}function Ie(t,e,a){let n=Math.floor(e/t.columns)*t.row;return n<a?n:Math.max(a,Math.min(t.full,n+t.row)-t.view)}function Re(t){let e=t*Math.min(3,devicePixelRatio||1);return[96,160,240,320,480,640,960].find(a=>a>=e)??960}function Je(t){let e=t.facts?.width?`, ${t.facts.width} × ${t.facts.height}`:"";return`${H(t)}${e}, ${Se(t.size)}, ${X(t.created)}`}function He({store:t,cell:e,selected:a,onOpen:n,onPreview:l,onKey:u}){let m=R(null),v=d(null),c=d(0),$=d(0),x=R(-1),E=R(null);q(()=>{let i=m.current,f=()=>{v.value={width:i.clientWidth-24,view:i.clientHeight}};f();let g=new ResizeObserver(f);return g.observe(i),()=>g.disconnect()},[]);let z=t.total.value;t.version.value,a.version.value;let D=z??0,s=v.value&&_e(v.value.width,v.value.view,D,e),T=s?s.full>s.shown:!1,k=s?Ge(s,c.value,D):{first:0,last:0};S(()=>{if(!s)return;t.size=Re(s.cell);let i=setTimeout(()=>t.want(k.first,Math.max(k.last,1)),z===null?0:60);return()=>clearTimeout(i)},[t,z===null,k.first,k.last,s?.cell]);function M(i){!s||!m.current||(c.value=Math.max(0,Math.min(s.full-s.view,i)),x.current=Math.round(ue(s,c.value)),m.current.scrollTop=x.current)}function W(){if(!s||!m.current)return;let i=m.current.scrollTop;Math.abs(i-x.current)<=1||(x.current=-1,c.value=T?Oe(s,i):i)}S(()=>{let i=m.current;if(!i||!T)return;let f=g=>{g.ctrlKey||(g.preventDefault(),M(c.value+g.deltaY*(g.deltaMode===1?20:1)))};return i.addEventListener("wheel",f,{passive:!1}),()=>i.removeEventListener("wheel",f)});function p(i){!s||!D||($.value=Math.max(0,Math.min(D-1,i)),M(Ie(s,$.value,c.value)),requestAnimationFrame(()=>{let f=m.current?.querySelector(`[data-index="${$.value}"]`);f instanceof HTMLElement&&f.focus({preventScroll:!0})}))}function y(i){if(!s)return;let f=$.value,g=t.at(f),I=Math.max(1,Math.floor(s.view/s.row))*s.columns,w={ArrowLeft:f-1,h:f-1,ArrowRight:f+1,l:f+1,ArrowUp:f-s.columns,k:f-s.columns,ArrowDown:f+s.columns,j:f+s.columns,PageUp:f-I,PageDown:f+I,Home:0,End:D-1};if(i.key in w&&!i.ctrlKey&&!i.metaKey&&!i.altKey){if(i.preventDefault(),i.shiftKey&&g&&a.add(g),p(w[i.key]),i.shiftKey){let h=t.at($.value);h&&a.add(h)}}else i.key==="Enter"&&g?(i.preventDefault(),n(g)):i.key===" "&&g?(i.preventDefault(),l(g)):i.key==="x"&&g&&!i.ctrlKey?(i.preventDefault(),a.toggle(g),E.current=f):i.key.toLowerCase()==="a"&&(i.ctrlKey||i.metaKey)?(i.preventDefault(),a.selectAll(D)):i.key==="Escape"?a.clear():u(i,g)}function G(i,f,g){if($.value=f,i.shiftKey&&E.current!==null){let[I,w]=[Math.min(E.current,f),Math.max(E.current,f)];for(let h=I;h<=w;h+=1){let B=t.at(h);B&&a.add(B)}}else i.ctrlKey||i.metaKey||a.count.value?(a.toggle(g),E.current=f):n(g)}function Qe(i){s&&M(Number(i.target.value)/1e3*(s.full-s.view))}ye(()=>{t.total.value!==null&&$.value>=t.total.value&&($.value=Math.max(0,t.total.value-1))});let he=[];if(s)for(let i=k.first;i<k.last;i+=s.columns){let f=i/s.columns,g=[];for(let w=i;w<Math.min(i+s.columns,k.last);w+=1){let h=t.at(w),B=h&&t.url(h),$e=h?a.has(h):!1;g.push(r`<div role="gridcell" class=${$e?"cell chosen":"cell"} key=${h?.sha256??w}
          data-index=${w} tabindex=${w===$.value?0:-1} aria-colindex=${w%s.columns+1}
          aria-selected=${$e} aria-label=${h?Je(h):o("gallery.loading")}
          style=${{width:`${s.cell}px`,height:`${s.cell}px`,left:`${w%s.columns*s.row}px`,backgroundColor:h?.state==="ready"&&h.facts?.dominant_color||""}}
          onClick=${se=>h&&G(se,w,h)}
          onFocus=${()=>{$.value=w}}>
          ${B&&r`<img src=${B} alt="" width=${s.cell} height=${s.cell} decoding="async" draggable=${!1} />`}
          ${h&&(h.state!=="ready"||!F(h))&&r`<span class="note" aria-hidden="true">${F(h)?o(`state.${h.state}`):"♪"}<br />${H(h)}</span>`}
          <span class="tick" aria-hidden="true" onClick=${se=>{se.stopPropagation(),h&&(a.toggle(h),E.current=w)}}>✓</span>
          ${h?.state==="ready"&&(h.facts?.frames??1)>1&&r`<span class="badge" aria-hidden="true">▶</span>`}
        </div>`)}let I=T?ue(s,c.value)+(f*s.row-c.value):f*s.row;he.push(r`<div role="row" class="row" key=${f} aria-rowindex=${f+1} style=${{transform:`translateY(${I}px)`,height:`${s.cell}px`}}>${g}</div>`)}let J=s?t.at(Math.min(D-1,Math.ceil(c.value/s.row)*s.columns)):void 0,ne=s&&s.full>s.view?Math.round(1e3*c.value/(s.full-s.view)):0;return r`<div class="grid-room">
    <div class="grid" ref=${m} onScroll=${W} onKeyDown=${y} tabindex="-1">
      <div role="grid" aria-label=${o("nav.gallery")} aria-multiselectable="true" aria-rowcount=${s?.rows??0} aria-colcount=${s?.columns??0}
        style=${{height:`${s?.shown??0}px`}}>${he}</div>
    </div>
    ${s&&s.full>3*s.view&&r`<label class="scrubber">
      <span class="visually-hidden">${o("gallery.scrubber")}</span>
      <input type="range" min="0" max="1000" value=${ne} onInput=${Qe}
        aria-valuetext=${J?`${X(J.created)}, ${V(Math.ceil(c.value/s.row)*s.columns+1)} / ${V(D)}`:""} />
      <output style=${{top:`calc(${ne/10}% - ${ne/1e3*24}px)`}}>${J?X(J.created):"…"}</output>
    </label>`}
  </div>`}function Ne({targets:t,count:e,onClose:a}){let n=d(`${C.value?.prefix??""}{name}`),l=d(""),u=d(!1);S(()=>{(async()=>{for await(let c of t()){l.value=c.filename||c.sha256.slice(0,12);return}})().catch(b)},[]);let m=async v=>{v.preventDefault(),u.value=!0,await Te(t(),n.value).catch(b),a()};return r`<${L} title=${o("names.title",{count:e})} onClose=${a}>
    <form onSubmit=${m}>
      <p class="faint">${o("names.help")}</p>
      <label>${o("names.pattern")}<input autofocus value=${n} spellcheck=${!1} onInput=${v=>{n.value=v.target.value}} /></label>
      <p class="break">${l.value&&n.value.trim()&&r`${l} → <code>${Ee(n.value,l.value,1)}</code>`}</p>
      <p class="actions"><button type="button" onClick=${a}>${o("cancel")}</button>
        <button class="primary" disabled=${u.value||!n.value.trim()}>${o("asset.give_name")}</button></p>
    </form>
  <//>`}var Xe={red:"d02020",orange:"e08020",yellow:"e8d030",green:"30a040",teal:"209090",blue:"2050d0",purple:"8030b0",pink:"e070a0",brown:"805030",black:"101010",gray:"808080",white:"f4f4f4"},Ze={"":1,b:1,kb:1e3,mb:1e6,gb:1e9},ce={newest:"sort=created&order=desc",oldest:"sort=created&order=asc",largest:"sort=size&order=desc",smallest:"sort=size&order=asc"},pe=Object.keys(ce),et=new Set(["ready","quarantined","deleted"]);function j(t){return(t.match(/(?:[^\s"]|"[^"]*")+/g)??[]).map(a=>{let n=/^(tag|type|alias|color|after|before|state|is):(.+)$/i.exec(a);if(n)return{text:a,name:n[1].toLowerCase(),value:n[2].replaceAll('"',"")};let l=/^([<>])(\d+(?:\.\d+)?)(b|kb|mb|gb)$/i.exec(a);if(l)return{text:a,name:l[1]===">"?"min_size":"max_size",value:String(Math.round(Number(l[2])*Ze[l[3].toLowerCase()]))};let u=/^([wh])([<>])(\d+)$/i.exec(a);return u?{text:a,name:`${u[2]===">"?"min":"max"}_${u[1].toLowerCase()==="w"?"width":"height"}`,value:u[3]}:{text:a,name:"",value:a.replaceAll('"',"")}})}function tt(t){let e=t.toLowerCase();return e.includes("/")?e:`image/${{jpg:"jpeg",svg:"svg+xml",tif:"tiff"}[e]??e}`}function je(t,e){let a=new URLSearchParams(ce[e]??ce.newest),n=[];a.set("state","ready");for(let l of j(t))l.name===""?n.push(l.value):l.name==="type"?a.set("type",tt(l.value)):l.name==="color"?a.set("color",Xe[l.value.toLowerCase()]??l.value.replace("#","")):l.name==="after"?a.set("since",l.value):l.name==="state"?a.set("state",et.has(l.value)?l.value:"ready"):l.name==="is"?l.value==="unnamed"&&a.set("unnamed","true"):a.set(l.name,l.value);return n.length&&a.set("q",n.join(" ")),a.toString()}var te=["","is:unnamed","state:deleted","state:quarantined"],Q=t=>j(t).map(e=>e.text).find(e=>te.includes(e))??"";function Ue(t,e){return[...j(t).map(a=>a.text).filter(a=>!te.includes(a)),e].filter(Boolean).join(" ")}function We(t,e){return j(t).filter(a=>a.text!==e.text).map(a=>a.text).join(" ")}var ae=class{constructor(){this.version=A(0),this.assets=new Map,this.except=null,this.total=0,this.count=ve(()=>(this.version.value,this.except?this.total-this.except.size:this.assets.size))}has(e){return this.except?!this.except.has(e.sha256):this.assets.has(e.sha256)}add(e){this.except?this.except.delete(e.sha256):this.assets.set(e.sha256,e),this.version.value+=1}toggle(e){this.has(e)?(this.except?this.except.add(e.sha256):this.assets.delete(e.sha256),this.version.value+=1):this.add(e)}selectAll(e){this.assets.clear(),this.except=new Set,this.total=e,this.version.value+=1}clear(){this.assets.clear(),this.except=null,this.version.value+=1}async*each(e){if(this.except){let a=new Set(this.except);for await(let n of e.all())a.has(n.sha256)||(yield n)}else yield*[...this.assets.values()]}};var U=200,at=40,le=class{constructor(e){this.query=e,this.total=A(null),this.error=A(null),this.version=A(0),this.pages=new Map,this.loading=new Map,this.urls=new Map,this.size=240}at(e){return this.pages.get(Math.floor(e/U))?.[e%U]}url(e){return this.urls.get(`${this.size} ${e.sha256}`)}want(e,a){let n=new Set;for(let l=Math.floor(e/U);l<=Math.floor(Math.max(e,a-1)/U);l+=1)n.add(l);for(let[l,u]of this.loading)n.has(l)||(u.abort(),this.loading.delete(l));for(let l of n)!this.pages.has(l)&&!this.loading.has(l)?this.load(l):this.pages.has(l)&&this.signPage(l)}async load(e){let a=new AbortController;this.loading.set(e,a);try{let n=this.total.value===null?"&total=true":"",l=await Y(`/assets?${this.query}&limit=${U}&offset=${e*U}${n}`,a.signal);this.pages.set(e,l.assets),l.total!==void 0&&(this.total.value=l.total),this.forget(e),this.version.value+=1,await this.signPage(e,a.signal)}catch(n){if(n instanceof DOMException)return;this.error.value=n,this.total.value!==null&&b(n)}finally{this.loading.get(e)===a&&this.loading.delete(e)}}async signPage(e,a){let n=this.size,l=(this.pages.get(e)??[]).filter(u=>u.state==="ready"&&F(u)&&!this.urls.has(`${n} ${u.sha256}`));if(l.length){for(let u of l)this.urls.set(`${n} ${u.sha256}`,"");try{let u=[`rs:fill:${n}:${n}`,"g:sm"],m=await ke(l.map(v=>({source:`asset://${v.sha256}`,options:u,format:"webp"})),a);l.forEach((v,c)=>this.urls.set(`${n} ${v.sha256}`,m[c].url??"")),this.version.value+=1}catch(u){for(let m of l)this.urls.delete(`${n} ${m.sha256}`);throw u}}}forget(e){let a=[...this.pages.keys()].sort((n,l)=>Math.abs(l-e)-Math.abs(n-e));for(let n of a.slice(0,Math.max(0,a.length-at))){for(let l of this.pages.get(n)??[])this.urls.delete(`${this.size} ${l.sha256}`);this.pages.delete(n)}}async*all(){let e="";do{let a=await Y(`/assets?${this.query}&limit=1000${e&&`&cursor=${e}`}`);yield*a.assets,e=a.cursor??""}while(e)}close(){for(let e of this.loading.values())e.abort();this.loading.clear()}};var lt=["search","move","open","preview","select","all","tag","focus","copy","delete","help"];function _(t,e){let a=new URLSearchParams(N.value.query);e?a.set(t,e):a.delete(t),Z(`/${a.size?`?${a}`:""}`,{replace:!0})}function ot({store:t,asset:e,onClose:a}){let n=d("");return S(()=>{let l=new AbortController;return import("./chunk-MCMSLICX.js").then(({sign:u})=>u([{source:`asset://${e.sha256}`,options:["rs:fit:1600:1200"],format:"webp"}],l.signal)).then(([u])=>{n.value=u.url??""}).catch(b),()=>l.abort()},[e]),r`<${L} title=${H(e)} wide onClose=${a}>
    <img class="preview" src=${n.value||t.url(e)||null} alt=${H(e)} />
    <p><a class="button" href=${K(`/assets/${e.sha256}`)}>${o("open")}</a></p>
  <//>`}function nt({onClose:t,onApply:e,count:a}){let n=d(""),l=d(""),u=d(!1),m=d([]);S(()=>{Y("/tags?limit=200").then($=>{m.value=$.tags}).catch(b)},[]);let v=$=>$.split(",").map(x=>x.trim()).filter(Boolean),c=async $=>{$.preventDefault(),u.value=!0,await e(v(n.value),v(l.value)).catch(b),t()};return r`<${L} title=${o("tags.title",{count:a})} onClose=${t}>
    <form onSubmit=${c}>
      <p class="faint">${o("tags.help")}</p>
      <label>${o("tags.add")}<input list="known-tags" autofocus value=${n} onInput=${$=>{n.value=$.target.value}} /></label>
      <label>${o("tags.remove")}<input list="known-tags" value=${l} onInput=${$=>{l.value=$.target.value}} /></label>
      <datalist id="known-tags">${m.value.map($=>r`<option value=${$.tag}>${V($.aliases)}</option>`)}</datalist>
      <p class="actions"><button type="button" onClick=${t}>${o("cancel")}</button>
        <button class="primary" disabled=${u.value||!(n.value.trim()||l.value.trim())}>${o("apply")}</button></p>
    </form>
  <//>`}function st({onClose:t}){return r`<${L} title=${o("keys.title")} onClose=${t}>
    <dl class="keys">${lt.map(e=>r`<dt><kbd>${o(`keys.${e}.keys`)}</kbd></dt><dd>${o(`keys.${e}`)}</dd>`)}</dl>
    <h3>${o("search.help_title")}</h3>
    <p><code>${o("search.example")}</code></p><p class="faint">${o("search.help")}</p>
  <//>`}function rt({searched:t}){return r`<div class="empty">
    <h2>${t?o("gallery.none"):o("gallery.empty")}</h2>
    <p>${t?o("gallery.none_help"):o("gallery.empty_help")}</p>
    ${t?r`<button onClick=${()=>_("q","")}>${o("search.clear")}</button>`:r`<a class="button primary" href=${K("/upload")}>${o("nav.upload")}</a>`}
  </div>`}function Be(){let t=N.value.query,e=t.get("q")??"",a=pe.includes(t.get("sort")??"")?t.get("sort"):"newest",n=Math.min(320,Math.max(96,Number(t.get("size"))||(innerWidth<600?110:180))),l=d(0),u=re(()=>new ae,[]),m=re(()=>new le(je(e,a)),[e,a,l.value]);S(()=>()=>m.close(),[m]),q(()=>{u.clear()},[m]);let v=R(null),c=d(null),$=ge(()=>C.value?.role!=="read"),x=()=>{c.value=null},E=()=>{l.value+=1},z=d(!1),D=()=>{z.value=!0,ze(u.each(m)).catch(b).finally(()=>{z.value=!1})};function s(p,y){if(p.ctrlKey||p.metaKey||p.altKey)return;let G=u.count.value>0;p.key==="c"&&y?qe(y).catch(b):p.key==="e"&&y?Z(`/assets/${y.sha256}?focus=1`):p.key==="t"&&(G||y)?(p.preventDefault(),c.value={kind:"tags",asset:G?void 0:y}):p.key==="Delete"&&(G||y)&&(c.value={kind:"delete",asset:G?void 0:y})}q(()=>{let p=y=>{y.target instanceof HTMLElement&&y.target.closest("input, textarea, select, dialog")||(y.key==="/"&&(y.preventDefault(),v.current?.focus()),y.key==="?"&&(c.value={kind:"help"}))};return addEventListener("keydown",p),()=>removeEventListener("keydown",p)},[]);let T=()=>c.value?.asset?Ke([c.value.asset]):u.each(m),k=c.value?.asset?1:u.count.value,M=m.total.value,W=m.error.value;return r`<main class="gallery" id="main" tabindex="-1" aria-busy=${M===null&&!W?"true":null}>
    <h1 class="visually-hidden">${o("nav.gallery")}</h1>
    <div class="tools">
      <form role="search" onSubmit=${p=>{p.preventDefault(),_("q",v.current?.value.trim()??"")}}>
        <input ref=${v} type="search" key=${e} defaultValue=${e} aria-label=${o("search.label")} placeholder=${o("search.placeholder")}
          onSearch=${p=>_("q",p.target.value.trim())} />
      </form>
      <label class="inline">${o("show")}<select value=${Q(e)} onChange=${p=>_("q",Ue(e,p.target.value))}>
        ${te.map(p=>r`<option value=${p}>${o(`show.${p||"all"}`)}</option>`)}
      </select></label>
      <label class="inline">${o("order")}<select value=${a} onChange=${p=>_("sort",p.target.value)}>
        ${pe.map(p=>r`<option value=${p}>${o(`order.${p}`)}</option>`)}
      </select></label>
      <label class="inline size">${o("size")}<input type="range" min="96" max="320" step="8" value=${n} onChange=${p=>_("size",p.target.value)} /></label>
      <span class="faint count" role="status">${M===null?"":o(M===1?"gallery.one":"gallery.count",{count:M})}</span>
      <button class="icon" aria-label=${o("keys.title")} title=${o("keys.title")} onClick=${()=>{c.value={kind:"help"}}}>?</button>
    </div>
    ${e&&r`<ul class="chips" aria-label=${o("search.chips")}>${j(e).map(p=>r`<li class="chip">${p.text}
      <button aria-label=${o("search.remove",{word:p.text})} onClick=${()=>_("q",We(e,p))}>×</button></li>`)}</ul>`}
    ${u.count.value>0&&r`<div class="selection" role="region" aria-label=${o("bulk.label")}>
      <strong>${o("bulk.count",{count:u.count.value})}</strong>
      <button onClick=${()=>u.selectAll(M??0)}>${o("bulk.all")}</button>
      <button onClick=${()=>u.clear()}>${o("bulk.clear")}</button>
      <span class="space"></span>
      ${$.value&&Q(e)==="state:deleted"&&r`<button onClick=${()=>De(u.each(m),E).catch(b)}>${o("restore")}</button>`}
      ${Q(e)!=="state:deleted"&&r`<button disabled=${z} onClick=${D}>${o("bulk.download")}</button>`}
      ${$.value&&Q(e)!=="state:deleted"&&r`<button onClick=${()=>{c.value={kind:"tags"}}}>${o("bulk.tags")}</button>
        <button onClick=${()=>{c.value={kind:"names"}}}>${o("bulk.names")}</button>
        <button class="danger" onClick=${()=>{c.value={kind:"delete"}}}>${o("delete")}</button>`}
    </div>`}
    ${W&&M===null?r`<div class="empty" role="alert"><h2>${o("error.title")}</h2><p>${ee(W)}</p><button onClick=${E}>${o("retry")}</button></div>`:M===0?r`<${rt} searched=${e!==""} />`:r`<${He} key=${`${e} ${a} ${l.value}`} store=${m} cell=${n} selected=${u}
            onOpen=${p=>Z(`/assets/${p.sha256}`)} onKey=${s}
            onPreview=${p=>{c.value={kind:"preview",asset:p}}} />`}
    ${c.value?.kind==="preview"&&c.value.asset&&r`<${ot} store=${m} asset=${c.value.asset} onClose=${x} />`}
    ${c.value?.kind==="help"&&r`<${st} onClose=${x} />`}
    ${c.value?.kind==="tags"&&r`<${nt} count=${k} onClose=${x} onApply=${(p,y)=>Pe(T(),p,y)} />`}
    ${c.value?.kind==="names"&&r`<${Ne} targets=${T} count=${k} onClose=${x} />`}
    ${c.value?.kind==="delete"&&r`<${L} title=${o("delete.title",{count:k})} onClose=${x}>
      <p>${o("delete.help",{days:Math.round((C.value?.delete_grace??0)/86400)})}</p>
      <p class="actions"><button onClick=${x}>${o("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{let p=T();x(),Ae(p,E).catch(b)}}>${o("delete")}</button></p>
    <//>`}
  </main>`}function Fe(){let t=d(""),e=d(""),a=d(!1);async function n(l){l.preventDefault(),a.value=!0,e.value="";try{await we(t.value.trim())}catch(u){e.value=ee(u)}finally{t.value="",a.value=!1}}return r`<main class="sign-in">
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
  </main>`}var oe=["system","light","dark"],me=localStorage.getItem("theme"),P=A(me&&oe.includes(me)?me:"system");function fe(){document.documentElement.dataset.theme=P.value}function Ye(){P.value=oe[(oe.indexOf(P.value)+1)%oe.length],localStorage.setItem("theme",P.value),fe()}var it=[{path:"/",label:"nav.gallery"},{path:"/upload",label:"nav.upload"},{path:"/playground",label:"nav.playground"},{path:"/explain",label:"nav.explain"},{path:"/operation",label:"nav.operation",admin:!0},{path:"/keys",label:"nav.keys",admin:!0}],ut={system:"◐",light:"☀",dark:"☾"};function O({load:t}){let e=d(null);return S(()=>{t().then(a=>{e.value={Page:a}}).catch(b)},[t]),e.value?r`<${e.value.Page} />`:r`<main class="page" id="main" tabindex="-1" aria-busy="true"></main>`}var ct=()=>import("./chunk-2U3XGNTW.js").then(t=>t.Upload),pt=()=>import("./chunk-BCDKZTWU.js").then(t=>t.Playground),mt=()=>import("./chunk-XBCC2FFC.js").then(t=>t.Operation),ft=()=>import("./chunk-VGLQKYY6.js").then(t=>t.Keys),ht=()=>import("./chunk-6TPSA4ND.js").then(t=>t.Explain),$t=()=>import("./chunk-5DVJIFGL.js").then(t=>t.AssetPage),dt=()=>import("./chunk-G7YT4CEQ.js").then(t=>t.AliasPage);function vt(){let t=N.value.path;return t==="/"?r`<${Be} />`:t==="/upload"?r`<${O} key="upload" load=${ct} />`:t==="/playground"?r`<${O} key="playground" load=${pt} />`:t==="/operation"?r`<${O} key="operation" load=${mt} />`:t==="/keys"?r`<${O} key="keys" load=${ft} />`:t==="/explain"?r`<${O} key="explain" load=${ht} />`:/^\/assets\/[0-9a-f]{64}$/.test(t)?r`<${O} key=${t} load=${$t} />`:/^\/aliases\/.+$/.test(t)?r`<${O} key=${t} load=${dt} />`:r`<main class="page" id="main" tabindex="-1"><h1>${o("error.no_page")}</h1><p><a href=${K("/")}>${o("nav.gallery")}</a></p></main>`}function gt(){let t=N.value.path;return r`<header class="bar">
    <a class="skip" href="#main" onClick=${e=>{e.preventDefault(),document.querySelector("main")?.focus()}}>${o("skip")}</a>
    <a class="brand" href=${K("/")}>Mememime</a>
    <nav aria-label=${o("nav.label")}>
      ${it.filter(e=>!e.admin||C.value?.role==="admin").map(e=>r`<a href=${K(e.path)} aria-current=${t===e.path?"page":null}
        ref=${a=>{t===e.path&&a?.scrollIntoView({block:"nearest",inline:"nearest"})}}>${o(e.label)}</a>`)}
    </nav>
    <span class="space"></span>
    <span class="who faint" title=${C.value?.credential}>${C.value?.tenant} · ${C.value?.role}</span>
    <button class="icon" title=${`${o("theme")}: ${P.value}`} aria-label=${`${o("theme")}: ${P.value}`} onClick=${Ye}>${ut[P.value]}</button>
    <select aria-label=${o("language")} value=${ie} onChange=${e=>Me(e.target.value)}>
      <option value="en">EN</option><option value="de">DE</option>
    </select>
    <button class="quiet" onClick=${()=>xe().catch(b)}>${o("sign_out")}</button>
  </header>`}function yt(){let t=d(!1);return q(()=>Le(e=>{t.value=e}),[]),r`<${gt} /><${vt} />${t.value&&r`<p class="over">${o("upload.over")}</p>`}`}function Ve(){return document.documentElement.lang=ie.value,r`${C.value?r`<${yt} />`:r`<${Fe} />`}<${Ce} />`}fe();be().catch(b).finally(()=>{de(r`<${Ve} />`,document.getElementById("app"))});

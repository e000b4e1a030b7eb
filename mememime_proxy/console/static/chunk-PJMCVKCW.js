import{a as p}from"./chunk-LH6YZOBX.js";import{a as $,b as y}from"./chunk-5BUQPANI.js";import{a as t,d as l,e as x,f as h,g,i as k}from"./chunk-W7XH4LVP.js";import{e as f,g as v,k as u,r as b}from"./chunk-J2T52GRY.js";var m=["image/avif,image/webp,*/*","image/webp,*/*","image/jpeg,image/png","*/*"];function S({explanation:{url:i,refusal:a}}){let{start:n,end:s}=a?.cause??{start:0,end:0};return t`<p class="code break">${i.slice(0,n)}${s>n&&t`<mark>${i.slice(n,s)}</mark>`}${i.slice(s>n?s:n)}</p>`}function O({found:{explanation:i,answer:a,errors:n}}){let{refusal:s}=i,o=s?s.status:200;return t`<section aria-labelledby="verdict">
    <h2 id="verdict" class=${s||a&&a.status>=400?"error":"good"}>${s?`${s.status} ${s.public}`:a&&a.status>=400?`${a.status} ${a.text}`:l("explain.served")}</h2>
    ${s&&t`<p><strong>${s.cause.text}</strong></p><p>${p(s.cause.remedy)}</p>`}
    ${n.map(d=>t`<p><code>${d.code}</code> ${p(d.cause)} <span class="faint">${p(d.remedy)}</span></p>`)}
    ${a&&t`<p class="figures"><strong>${l("explain.answer")}</strong> <span>${a.status}</span>
      <span>${a.headers["Content-Type"]}</span> <span>${h(a.bytes)}</span> <span>${x(Math.round(a.milliseconds))} ms</span></p>
      ${a.status!==o&&a.status!==304&&t`<p class="faint">${l("explain.other",{expected:o})}</p>`}`}
  </section>`}function M(){let i=$.value.query.get("url")??"",a=$.value.query.get("accept")??m[0],n=u(null),s=u(""),o=v(null);f(()=>{if(n.value=null,s.value="",!i)return;let e=new AbortController;return b("POST","/explain",{json:{url:i,accept:a,ask:!0},signal:e.signal}).then(c=>{n.value=c}).catch(c=>{e.signal.aborted||(s.value=k(c))}),()=>e.abort()},[i,a]);let d=e=>{let c={url:i,accept:a,...e};y(`/explain?${new URLSearchParams(c.accept===m[0]?{url:c.url}:c)}`)},r=n.value?.explanation;return t`<main class="page" id="main" tabindex="-1" aria-busy=${i&&!n.value&&!s.value?"true":null}>
    <h1>${l("nav.explain")}</h1>
    <p class="faint">${l("explain.help")}</p>
    <form onSubmit=${e=>{e.preventDefault(),d({url:o.current?.value.trim()??""})}}>
      <label class="tall">${l("explain.url")}<textarea ref=${o} key=${i} defaultValue=${i} rows="3" spellcheck=${!1} required
        onKeyDown=${e=>{e.key==="Enter"&&(e.preventDefault(),d({url:o.current?.value.trim()??""}))}}></textarea></label>
      <p class="line"><label>Accept<select value=${a} onChange=${e=>d({accept:e.target.value,url:o.current?.value.trim()??""})}>
        ${m.map(e=>t`<option value=${e}>${e}</option>`)}</select></label>
        <button class="primary">${l("nav.explain")}</button></p>
    </form>
    ${s.value&&t`<p class="error" role="alert">${s}</p>`}
    ${n.value&&r&&t`<div role="status">
      <${S} explanation=${r} />
      <${O} found=${n.value} />
      <section aria-labelledby="parts"><h2 id="parts">${l("explain.parts")}</h2><div class="scroll"><table>
        <thead><tr><th>${l("explain.kind")}</th><th>${l("explain.part")}</th><th>${l("explain.meaning")}</th></tr></thead>
        <tbody>${r.parts.map(e=>t`<tr><td class="faint">${l(`part.${e.kind}`)}</td><th scope="row"><code class="break">${e.text}</code></th>
          <td class="break">${p(e.meaning)}${Object.keys(e.sets).length>0&&t`<br /><code class="faint">${Object.entries(e.sets).map(([c,j])=>`${c}=${j}`).join(", ")}</code>`}</td></tr>`)}</tbody></table></div></section>
      <dl class="facts">
        ${r.source&&!r.refusal&&t`<div class="fact"><dt>${l("explain.source")}</dt><dd>${r.source}</dd></div>`}
        ${!r.refusal&&t`<div class="fact"><dt>${l("explain.cached")}</dt><dd>${Object.entries(r.cached).map(([e,c])=>l(`cached.${e}`,{time:g(new Date(1e3*c).toISOString(),!0)})).join(", ")||l("explain.uncached")}</dd></div>`}
        ${r.format&&t`<div class="fact"><dt>${l("explain.format")}</dt><dd>${r.format}</dd></div>`}
        ${r.vary&&t`<div class="fact"><dt>Vary</dt><dd>${r.vary}</dd></div>`}
        ${Object.entries(n.value.answer?.headers??{}).map(([e,c])=>t`<div class="fact"><dt>${e}</dt><dd>${c}</dd></div>`)}
      </dl>
      ${r.notes.length>0&&t`<ul>${r.notes.map(e=>t`<li>${e}</li>`)}</ul>`}
    </div>`}
  </main>`}export{M as Explain};

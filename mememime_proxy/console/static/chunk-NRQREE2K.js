import{a as K}from"./chunk-URPC6NLP.js";import{a as I}from"./chunk-6FFIFMM7.js";import{a as w}from"./chunk-LH6YZOBX.js";import{a as E,b as B,c as k}from"./chunk-5BUQPANI.js";import{a as s,d as c,e as M,f as W,h as q,i as _,j as S}from"./chunk-W7XH4LVP.js";import{e as b,g as x,k as d,n as P,p as j,r as F,t as R,x as y}from"./chunk-J2T52GRY.js";var C={Python:`import base64, hashlib, hmac, os

key, salt = (bytes.fromhex(os.environ[name]) for name in ("MEMEMIME_KEY", "MEMEMIME_SALT"))
path = '@path@'
digest = hmac.new(key, salt + path.encode(), hashlib.sha256).digest()
signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
print('@base@/' + signature + path)
`,JavaScript:`import { createHmac } from "node:crypto";

const [key, salt] = ["MEMEMIME_KEY", "MEMEMIME_SALT"].map((name) => Buffer.from(process.env[name], "hex"));
const path = '@path@';
const signature = createHmac("sha256", key).update(salt).update(path).digest("base64url");
console.log('@base@/' + signature + path);
`,PHP:`<?php
$key = hex2bin(getenv('MEMEMIME_KEY'));
$salt = hex2bin(getenv('MEMEMIME_SALT'));
$path = '@path@';
$digest = hash_hmac('sha256', $salt . $path, $key, true);
$signature = rtrim(strtr(base64_encode($digest), '+/', '-_'), '=');
echo '@base@/' . $signature . $path, "\\n";
`,Ruby:`require "base64"
require "openssl"

key, salt = %w[MEMEMIME_KEY MEMEMIME_SALT].map { |name| [ENV.fetch(name)].pack("H*") }
path = '@path@'
digest = OpenSSL::HMAC.digest("sha256", key, salt + path)
signature = Base64.urlsafe_encode64(digest, padding: false)
puts '@base@/' + signature + path
`,Go:`package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
)

func main() {
	key, _ := hex.DecodeString(os.Getenv("MEMEMIME_KEY"))
	salt, _ := hex.DecodeString(os.Getenv("MEMEMIME_SALT"))
	path := "@path@"
	mac := hmac.New(sha256.New, key)
	mac.Write(salt)
	mac.Write([]byte(path))
	fmt.Println("@base@/" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + path)
}
`,Java:`import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Sign {
  public static void main(String[] arguments) throws Exception {
    byte[] key = HexFormat.of().parseHex(System.getenv("MEMEMIME_KEY"));
    byte[] salt = HexFormat.of().parseHex(System.getenv("MEMEMIME_SALT"));
    String path = "@path@";
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    mac.update(salt);
    String signature = Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal(path.getBytes("UTF-8")));
    System.out.println("@base@/" + signature + path);
  }
}
`,Bash:`path='@path@'
signature=$({ printf %s "$MEMEMIME_SALT" | xxd -r -p; printf %s "$path"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$MEMEMIME_KEY" -binary | base64 | tr '+/' '-_' | tr -d '=\\n')
echo '@base@/'"$signature$path"
`};var T=[1,2,3],N=["HTML img","HTML picture","curl"];function ee(e){let t=(j.value?.proxy_url||location.origin).replace(/\/$/,""),n=(e.startsWith(t)?e.slice(t.length):new URL(e).pathname).replace(/^\/[^/]+/,"");return{base:e.startsWith(t)?t:new URL(e).origin,path:n.replace(/\/(?:expires|exp):\d+(?=\/)/,"")}}var H=e=>e.replaceAll("&","&amp;").replaceAll('"',"&quot;");function U({wanted:e,url:t,sides:n}){let a=d("HTML img"),o=d([]),r=a.value==="HTML picture"?["avif","webp","jpg"]:[e.format];b(()=>{if(o.value=[],!a.value.startsWith("HTML"))return;let u=new AbortController,$=r.flatMap(g=>T.map(f=>({source:e.source,options:[...e.options,`dpr:${f}`],format:g})));return y($,u.signal).then(g=>{o.value=g.map(f=>f.url??"")}).catch(S),()=>u.abort()},[t,a.value]);let i=u=>T.map(($,g)=>`${H(o.value[u*T.length+g]??"")} ${$}x`).join(`,
    `),l=n?` width="${n[0]}" height="${n[1]}"`:"",p;if(a.value==="curl")p=`curl --fail --output picture '${t}'`;else if(a.value==="HTML img")p=`<img
  src="${H(o.value[0]??"")}"
  srcset="${i(0)}"
 ${l} alt="">`;else if(a.value==="HTML picture")p=`<picture>
${r.slice(0,-1).map(($,g)=>`  <source type="image/${$}" srcset="${i(g)}">`).join(`
`)}
  <img src="${H(o.value[(r.length-1)*T.length]??"")}"
    srcset="${i(r.length-1)}"
   ${l} alt="">
</picture>`;else{let{base:u,path:$}=ee(t);p=C[a.value].replaceAll("@path@",$).replaceAll("@base@",u)}return s`<section aria-labelledby="code"><h2 id="code">${c("code.title")}</h2>
    <p class="line"><label>${c("code.language")}<select value=${a} onChange=${u=>{a.value=u.target.value}}>
      ${[...N,...Object.keys(C)].map(u=>s`<option>${u}</option>`)}</select></label>
      <button onClick=${()=>navigator.clipboard.writeText(p).then(()=>q(c("copied"))).catch(S)}>${c("copy")}</button></p>
    <pre class="code" tabindex="0" aria-labelledby="code">${p}</pre>
    ${!e.source.startsWith("asset://")&&s`<p class="faint">${c(N.includes(a.value)?"code.expires":"code.lasting")}</p>`}
  </section>`}function Y(e,t){let n=t.split(":")[0];return e.find(a=>a.name===n||a.aliases.includes(n))}function D(e,t){let n=t.split(":").slice(1);return e.arguments.map((a,o)=>a.kind==="group"?n.slice(o).join(":"):n[o]??"")}function G(e,t){let n=[...t];for(;n.length>1&&n.at(-1)==="";)n.pop();return[e.split(":")[0],...n].join(":")}var ne=2**31-1;function ae({argument:e,value:t,onChange:n}){let a=r=>n(r.target.value),o=r=>r===void 0||Math.abs(r)>=ne?null:r;switch(e.kind){case"flag":return s`<select value=${t} onChange=${a}><option value="">–</option><option value="1">${c("yes")}</option><option value="0">${c("no")}</option></select>`;case"choice":case"format":{let r=e.values??[];return s`<select value=${t} onChange=${a}><option value="">–</option>
        ${(r.includes(t)||!t?r:[t,...r]).map(i=>s`<option value=${i}>${i}</option>`)}</select>`}case"integer":case"number":return s`<input type=${Number.isNaN(Number(t))?"text":"number"} value=${t} min=${o(e.minimum)} max=${o(e.maximum)} step=${e.kind==="number"?"any":1} onInput=${a} />`;case"color":return s`<span class="inline"><input type="color" aria-label=${e.name} value=${`#${/^[0-9a-f]{6}$/i.test(t)?t:"000000"}`}
        onInput=${r=>n(r.target.value.slice(1))} /><input value=${t} size="7" spellcheck=${!1} onInput=${a} /></span>`;default:return s`<input value=${t} placeholder=${e.shape??""} spellcheck=${!1} onInput=${a} />`}}function se({option:e,text:t,onChange:n,onRemove:a}){if(!e)return s`<fieldset class="option"><legend><code>${t}</code></legend><p class="error">${c("playground.unknown")}</p>
      <button class="icon remove" aria-label=${c("playground.remove",{name:t})} onClick=${a}>×</button></fieldset>`;let o=D(e,t),r=(i,l)=>n(G(t,o.map((p,u)=>u===i?l:p)));return s`<fieldset class="option">
    <legend>${e.name}</legend>
    <button class="icon remove" aria-label=${c("playground.remove",{name:e.name})} onClick=${a}>×</button>
    <p class="faint small">${w(e.meaning)}</p>
    <div class="fields">${e.arguments.map((i,l)=>s`<label title=${`${i.meaning}${i.expected?` (${i.expected.replaceAll("`","")})`:""}`}>
      <span>${i.name}</span><${ae} argument=${i} value=${o[l]} onChange=${p=>r(l,p)} /></label>`)}</div>
    <p class="small"><code class="break">${t}</code></p>
  </fieldset>`}function z({options:e,texts:t,onChange:n}){let a=[...new Set(e.map(i=>i.section))],o=x(null),r=i=>{i.preventDefault();let l=o.current,p=e.find(u=>u.name===l.value);l.value="",p&&n([...t,p.example.split("/")[0]||`${p.name}${":"}`])};return s`<div class="options">
    ${t.map((i,l)=>s`<${se} key=${l} option=${Y(e,i)} text=${i}
      onChange=${p=>n(t.map((u,$)=>$===l?p:u))}
      onRemove=${()=>n(t.filter((p,u)=>u!==l))} />`)}
    <form class="line add" onSubmit=${r}><label>${c("playground.add")}<select ref=${o}><option value="">${c("playground.choose",{count:e.length})}</option>
      ${a.map(i=>s`<optgroup label=${i}>${e.filter(l=>l.section===i).map(l=>s`<option value=${l.name} title=${l.meaning}>${l.name}</option>`)}</optgroup>`)}</select></label>
      <button>${c("playground.add_it")}</button></form>
  </div>`}var oe=250,re="image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5",L=["","jpg","webp","avif","jxl","png","gif","tiff","mp4","webm","json"],le=["rs:fill:480:320","g:sm"];function A(e){return{source:e.get("source")??"",options:e.getAll("o"),format:e.get("format")??""}}function v(e){let t=E.value.query,n={...A(t),pin:t.get("pin")??"",...e},a=new URLSearchParams;n.source&&a.set("source",n.source);for(let o of n.options)a.append("o",o);n.format&&a.set("format",n.format),n.pin&&a.set("pin",n.pin),B(`/playground${a.size?`?${a}`:""}`,{replace:!0})}var Q=e=>`${e.options.join("/")}@${e.format}`;function ie(e){let t=e.lastIndexOf("@");return{options:e.slice(0,t).split("/").filter(Boolean),format:e.slice(t+1)}}async function ce(e,t){let[n]=await y([e],t);if(!n.url)return{url:"",code:n.code,detail:n.detail};let a=await F("POST","/explain",{json:{url:n.url,accept:re,ask:!0},signal:t}),o={url:n.url,answer:a.answer};return a.answer.status>=400&&(o.code=`${a.answer.status} ${a.errors[0]?.code??""}`.trim(),o.detail=a.answer.text,o.cause=a.errors[0]?.cause,o.remedy=a.errors[0]?.remedy),o}function J(e,t){let n=d(void 0),a=d(!1),o=t&&e?`${e} ${Q(t)}`:"";return b(()=>{if(!o||!t){n.value=void 0;return}let r=new AbortController;a.value=!0;let i=setTimeout(()=>{ce({source:e,...t},r.signal).then(l=>{n.value=l,a.value=!1}).catch(l=>{r.signal.aborted||(n.value={url:"",detail:_(l)},a.value=!1)})},n.value?oe:0);return()=>{clearTimeout(i),r.abort()}},[o]),{result:n.value,busy:a.value}}function ue({result:e,onSides:t}){let n=e.answer?.headers["Content-Type"]??"";return n.startsWith("video/")?s`<video class="result" src=${e.url} controls muted></video>`:n.startsWith("audio/")?s`<audio src=${e.url} controls></audio>`:n.startsWith("image/")?s`<img class="result" src=${e.url} alt=${c("playground.result")} onLoad=${a=>t([a.target.naturalWidth,a.target.naturalHeight])} />`:s`<p><a href=${e.url} target="_blank" rel="noreferrer">${n||c("playground.result")}</a></p>`}function V({name:e,result:t,sides:n,other:a}){if(!t.answer)return null;let o=a?.answer?100*(t.answer.bytes-a.answer.bytes)/a.answer.bytes:null;return s`<p class="figures"><strong>${e}</strong>
    ${n&&s`<span>${M(n[0])} × ${M(n[1])}</span>`}
    <span>${W(t.answer.bytes)}${o===null?"":` (${o>0?"+":""}${M(Math.round(o))} %)`}</span>
    <span>${t.answer.headers["Content-Type"]}</span>
    <span title=${t.answer.headers["Server-Timing"]??""}>${M(Math.round(t.answer.milliseconds))} ms</span></p>`}function pe({result:e}){return s`<div class="refusal" role="alert"><p><strong>${e.code}</strong> ${e.detail}</p>
    ${e.cause&&s`<p>${w(e.cause)}</p>`}${e.remedy&&s`<p class="faint">${w(e.remedy)}</p>`}
    ${e.url&&s`<p><a href=${k(`/explain?url=${encodeURIComponent(e.url)}`)}>${c("playground.explain")}</a></p>`}</div>`}function me({source:e,onChoose:t}){let n=d([]),a=d(!1),o=d(!0);return b(()=>{(async()=>{let l=(await R("/assets?state=ready&sort=created&order=desc&limit=8&offset=0")).assets.filter(P);if(a.value=!l.length,!l.length)return;let p=await y(l.map(u=>({source:`asset://${u.sha256}`,options:["rs:fill:96:96","g:sm"],format:"webp"})));n.value=l.map((u,$)=>({asset:u,source:`asset://${u.sha256}`,url:p[$].url??""})),A(E.value.query).source||v({source:n.value[0].source,options:A(E.value.query).options.length?void 0:le})})().catch(S).finally(()=>{o.value=!1})},[]),a.value?s`<p>${c("gallery.empty")}. <a href=${k("/upload")}>${c("nav.upload")}</a></p>`:s`<ul class="recent" aria-busy=${o.value?"true":null} aria-label=${c("playground.recent")}>${n.value.map(r=>s`<li><button class="plain" aria-pressed=${r.source===e} title=${I(r.asset)}
    onClick=${()=>t(r.source)}><img src=${r.url||null} width="48" height="48" alt=${I(r.asset)} /></button></li>`)}</ul>`}function qe(){let e=E.value.query,{source:t,options:n,format:a}=A(e),o=e.get("pin")??"",r=d(null),i=d(null),l=d(null),p=d(!1),u=x(null);b(()=>{R("/options").then(m=>{r.value=m.options}).catch(m=>{i.value=m})},[]);let{result:$,busy:g}=J(t,{options:n,format:a}),{result:f,busy:X}=J(t,o?ie(o):null);if(i.value)return s`<main class="page" id="main" tabindex="-1"><h1>${c("error.title")}</h1><p role="alert">${_(i.value)}</p></main>`;let h=$?.answer&&$.answer.status<400?$:null,O=m=>m?.answer?.headers["Content-Type"]?.startsWith("image/");return s`<main class="page wide" id="main" tabindex="-1" aria-busy=${r.value&&!g&&!X?null:"true"}>
    <h1>${c("nav.playground")}</h1>
    <div class="two bench">
      <div>
        <form class="line" onSubmit=${m=>{m.preventDefault(),v({source:u.current?.value.trim()})}}>
          <label>${c("playground.source")}<input ref=${u} key=${t} defaultValue=${t} spellcheck=${!1} placeholder="alias://shop/cup"
            onChange=${m=>v({source:m.target.value.trim()})} /></label>
          <label class="short">${c("playground.format")}<select value=${a} onChange=${m=>v({format:m.target.value})}>
            ${(L.includes(a)?L:[...L,a]).map(m=>s`<option value=${m}>${m||c("playground.negotiated")}</option>`)}</select></label>
        </form>
        <${me} source=${t} onChoose=${m=>v({source:m})} />
        ${r.value&&s`<${z} options=${r.value} texts=${n} onChange=${m=>v({options:m})} />`}
      </div>
      <div class="stage">
        ${$&&!h&&s`<${pe} result=${$} />`}
        ${h&&s`<div class=${p.value?"sheet whole":"sheet"}>${f&&O(f)&&O(h)&&f.url?s`<${K} left=${f.url} right=${h.url} names=${["A","B"]} />`:s`<${ue} result=${h} onSides=${m=>{l.value=m}} />`}</div>
          ${f&&s`<${V} name="A" result=${f} sides=${null} />`}
          <${V} name=${f?"B":""} result=${h} sides=${l.value} other=${f} />
          <p class="actions">
            <button onClick=${()=>v({pin:Q({options:n,format:a})})}>${c(o?"playground.pin_again":"playground.pin")}</button>
            ${o&&s`<button onClick=${()=>v({pin:""})}>${c("playground.unpin")}</button>`}
            <button aria-pressed=${p} onClick=${()=>{p.value=!p.value}}>${c("playground.pixels")}</button>
            <a class="button" href=${k(`/explain?url=${encodeURIComponent(h.url)}`)}>${c("playground.explain")}</a></p>
          <${U} wanted=${{source:t,options:n,format:a}} url=${h.url} sides=${l.value} />`}
      </div>
    </div>
  </main>`}export{qe as Playground};

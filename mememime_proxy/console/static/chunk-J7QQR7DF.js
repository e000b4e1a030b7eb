import{a as B}from"./chunk-HSVCWR52.js";import{a as w}from"./chunk-HROFKE5S.js";import{a as M,b as F,c as x}from"./chunk-FKTCSDLQ.js";import{a as o,d as i,e as E,f as W,h as q,i as R,j as S}from"./chunk-XVAK6PWY.js";import{e as b,g as L,k as f,n as O,p as P,r as j,s as A,w as y}from"./chunk-2DZIMCSW.js";var I={Python:`import base64, hashlib, hmac, os

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
`};var k=[1,2,3],K=["HTML img","HTML picture","curl"];function X(e){let t=(P.value?.proxy_url||location.origin).replace(/\/$/,""),n=(e.startsWith(t)?e.slice(t.length):new URL(e).pathname).replace(/^\/[^/]+/,"");return{base:e.startsWith(t)?t:new URL(e).origin,path:n.replace(/\/(?:expires|exp):\d+(?=\/)/,"")}}var C=e=>e.replaceAll("&","&amp;").replaceAll('"',"&quot;");function N({wanted:e,url:t,sides:n}){let a=f("HTML img"),s=f([]),r=a.value==="HTML picture"?["avif","webp","jpg"]:[e.format];b(()=>{if(s.value=[],!a.value.startsWith("HTML"))return;let p=new AbortController,m=r.flatMap(g=>k.map(d=>({source:e.source,options:[...e.options,`dpr:${d}`],format:g})));return y(m,p.signal).then(g=>{s.value=g.map(d=>d.url??"")}).catch(S),()=>p.abort()},[t,a.value]);let l=p=>k.map((m,g)=>`${C(s.value[p*k.length+g]??"")} ${m}x`).join(`,
    `),u=n?` width="${n[0]}" height="${n[1]}"`:"",c;if(a.value==="curl")c=`curl --fail --output picture '${t}'`;else if(a.value==="HTML img")c=`<img
  src="${C(s.value[0]??"")}"
  srcset="${l(0)}"
 ${u} alt="">`;else if(a.value==="HTML picture")c=`<picture>
${r.slice(0,-1).map((m,g)=>`  <source type="image/${m}" srcset="${l(g)}">`).join(`
`)}
  <img src="${C(s.value[(r.length-1)*k.length]??"")}"
    srcset="${l(r.length-1)}"
   ${u} alt="">
</picture>`;else{let{base:p,path:m}=X(t);c=I[a.value].replaceAll("@path@",m).replaceAll("@base@",p)}return o`<section aria-labelledby="code"><h2 id="code">${i("code.title")}</h2>
    <p class="line"><label>${i("code.language")}<select value=${a} onChange=${p=>{a.value=p.target.value}}>
      ${[...K,...Object.keys(I)].map(p=>o`<option>${p}</option>`)}</select></label>
      <button onClick=${()=>navigator.clipboard.writeText(c).then(()=>q(i("copied"))).catch(S)}>${i("copy")}</button></p>
    <pre class="code" tabindex="0" aria-labelledby="code">${c}</pre>
    ${!e.source.startsWith("asset://")&&o`<p class="faint">${i(K.includes(a.value)?"code.expires":"code.lasting")}</p>`}
  </section>`}function U(e,t){let n=t.split(":")[0];return e.find(a=>a.name===n||a.aliases.includes(n))}function Y(e,t){let n=t.split(":").slice(1);return e.arguments.map((a,s)=>a.kind==="group"?n.slice(s).join(":"):n[s]??"")}function D(e,t){let n=[...t];for(;n.length>1&&n.at(-1)==="";)n.pop();return[e.split(":")[0],...n].join(":")}var ee=2**31-1;function te({argument:e,value:t,onChange:n}){let a=r=>n(r.target.value),s=r=>r===void 0||Math.abs(r)>=ee?null:r;switch(e.kind){case"flag":return o`<select value=${t} onChange=${a}><option value="">–</option><option value="1">${i("yes")}</option><option value="0">${i("no")}</option></select>`;case"choice":case"format":{let r=e.values??[];return o`<select value=${t} onChange=${a}><option value="">–</option>
        ${(r.includes(t)||!t?r:[t,...r]).map(l=>o`<option value=${l}>${l}</option>`)}</select>`}case"integer":case"number":return o`<input type=${Number.isNaN(Number(t))?"text":"number"} value=${t} min=${s(e.minimum)} max=${s(e.maximum)} step=${e.kind==="number"?"any":1} onInput=${a} />`;case"color":return o`<span class="inline"><input type="color" aria-label=${e.name} value=${`#${/^[0-9a-f]{6}$/i.test(t)?t:"000000"}`}
        onInput=${r=>n(r.target.value.slice(1))} /><input value=${t} size="7" spellcheck=${!1} onInput=${a} /></span>`;default:return o`<input value=${t} placeholder=${e.shape??""} spellcheck=${!1} onInput=${a} />`}}function ne({option:e,text:t,onChange:n,onRemove:a}){if(!e)return o`<fieldset class="option"><legend><code>${t}</code></legend><p class="error">${i("playground.unknown")}</p>
      <button class="icon remove" aria-label=${i("playground.remove",{name:t})} onClick=${a}>×</button></fieldset>`;let s=Y(e,t),r=(l,u)=>n(D(t,s.map((c,p)=>p===l?u:c)));return o`<fieldset class="option">
    <legend>${e.name}</legend>
    <button class="icon remove" aria-label=${i("playground.remove",{name:e.name})} onClick=${a}>×</button>
    <p class="faint small">${w(e.meaning)}</p>
    <div class="fields">${e.arguments.map((l,u)=>o`<label title=${`${l.meaning}${l.expected?` (${l.expected.replaceAll("`","")})`:""}`}>
      <span>${l.name}</span><${te} argument=${l} value=${s[u]} onChange=${c=>r(u,c)} /></label>`)}</div>
    <p class="small"><code class="break">${t}</code></p>
  </fieldset>`}function G({options:e,texts:t,onChange:n}){let a=[...new Set(e.map(r=>r.section))],s=r=>{let l=e.find(u=>u.name===r.target.value);r.target.value="",l&&n([...t,l.example.split("/")[0]||`${l.name}${":"}`])};return o`<div class="options">
    ${t.map((r,l)=>o`<${ne} key=${l} option=${U(e,r)} text=${r}
      onChange=${u=>n(t.map((c,p)=>p===l?u:c))}
      onRemove=${()=>n(t.filter((u,c)=>c!==l))} />`)}
    <label class="add">${i("playground.add")}<select onChange=${s}><option value="">${i("playground.choose",{count:e.length})}</option>
      ${a.map(r=>o`<optgroup label=${r}>${e.filter(l=>l.section===r).map(l=>o`<option value=${l.name} title=${l.meaning}>${l.name}</option>`)}</optgroup>`)}</select></label>
  </div>`}var ae=250,se="image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5",_=["","jpg","webp","avif","jxl","png","gif","tiff","mp4","webm","json"],oe=["rs:fill:480:320","g:sm"];function T(e){return{source:e.get("source")??"",options:e.getAll("o"),format:e.get("format")??""}}function v(e){let t=M.value.query,n={...T(t),pin:t.get("pin")??"",...e},a=new URLSearchParams;n.source&&a.set("source",n.source);for(let s of n.options)a.append("o",s);n.format&&a.set("format",n.format),n.pin&&a.set("pin",n.pin),F(`/playground${a.size?`?${a}`:""}`,{replace:!0})}var V=e=>`${e.options.join("/")}@${e.format}`;function re(e){let t=e.lastIndexOf("@");return{options:e.slice(0,t).split("/").filter(Boolean),format:e.slice(t+1)}}async function le(e,t){let[n]=await y([e],t);if(!n.url)return{url:"",code:n.code,detail:n.detail};let a=await j("POST","/explain",{json:{url:n.url,accept:se,ask:!0},signal:t}),s={url:n.url,answer:a.answer};return a.answer.status>=400&&(s.code=`${a.answer.status} ${a.errors[0]?.code??""}`.trim(),s.detail=a.answer.text,s.cause=a.errors[0]?.cause,s.remedy=a.errors[0]?.remedy),s}function z(e,t){let n=f(void 0),a=f(!1),s=t&&e?`${e} ${V(t)}`:"";return b(()=>{if(!s||!t){n.value=void 0;return}let r=new AbortController;a.value=!0;let l=setTimeout(()=>{le({source:e,...t},r.signal).then(u=>{n.value=u,a.value=!1}).catch(u=>{r.signal.aborted||(n.value={url:"",detail:R(u)},a.value=!1)})},n.value?ae:0);return()=>{clearTimeout(l),r.abort()}},[s]),{result:n.value,busy:a.value}}function ie({result:e,onSides:t}){let n=e.answer?.headers["Content-Type"]??"";return n.startsWith("video/")?o`<video class="result" src=${e.url} controls muted></video>`:n.startsWith("audio/")?o`<audio src=${e.url} controls></audio>`:n.startsWith("image/")?o`<img class="result" src=${e.url} alt=${i("playground.result")} onLoad=${a=>t([a.target.naturalWidth,a.target.naturalHeight])} />`:o`<p><a href=${e.url} target="_blank" rel="noreferrer">${n||i("playground.result")}</a></p>`}function J({name:e,result:t,sides:n,other:a}){if(!t.answer)return null;let s=a?.answer?100*(t.answer.bytes-a.answer.bytes)/a.answer.bytes:null;return o`<p class="figures"><strong>${e}</strong>
    ${n&&o`<span>${E(n[0])} × ${E(n[1])}</span>`}
    <span>${W(t.answer.bytes)}${s===null?"":` (${s>0?"+":""}${E(Math.round(s))} %)`}</span>
    <span>${t.answer.headers["Content-Type"]}</span>
    <span title=${t.answer.headers["Server-Timing"]??""}>${E(Math.round(t.answer.milliseconds))} ms</span></p>`}function ce({result:e}){return o`<div class="refusal" role="alert"><p><strong>${e.code}</strong> ${e.detail}</p>
    ${e.cause&&o`<p>${w(e.cause)}</p>`}${e.remedy&&o`<p class="faint">${w(e.remedy)}</p>`}
    ${e.url&&o`<p><a href=${x(`/explain?url=${encodeURIComponent(e.url)}`)}>${i("playground.explain")}</a></p>`}</div>`}function ue({source:e,onChoose:t}){let n=f([]),a=f(!1);return b(()=>{(async()=>{let l=(await A("/assets?state=ready&sort=created&order=desc&limit=8&offset=0")).assets.filter(O);if(a.value=!l.length,!l.length)return;let u=await y(l.map(c=>({source:`asset://${c.sha256}`,options:["rs:fill:96:96","g:sm"],format:"webp"})));n.value=l.map((c,p)=>({asset:c,source:`asset://${c.sha256}`,url:u[p].url??""})),T(M.value.query).source||v({source:n.value[0].source,options:T(M.value.query).options.length?void 0:oe})})().catch(S)},[]),a.value?o`<p>${i("gallery.empty")}. <a href=${x("/upload")}>${i("nav.upload")}</a></p>`:o`<ul class="recent" aria-label=${i("playground.recent")}>${n.value.map(s=>o`<li><button class="plain" aria-pressed=${s.source===e} title=${s.asset.filename||s.asset.sha256}
    onClick=${()=>t(s.source)}><img src=${s.url||null} width="48" height="48" alt=${s.asset.filename||s.asset.sha256.slice(0,12)} /></button></li>`)}</ul>`}function je(){let e=M.value.query,{source:t,options:n,format:a}=T(e),s=e.get("pin")??"",r=f(null),l=f(null),u=f(null),c=f(!1),p=L(null);b(()=>{A("/options").then($=>{r.value=$.options}).catch($=>{l.value=$})},[]);let{result:m,busy:g}=z(t,{options:n,format:a}),{result:d}=z(t,s?re(s):null);if(l.value)return o`<main class="page" id="main" tabindex="-1"><h1>${i("error.title")}</h1><p role="alert">${R(l.value)}</p></main>`;let h=m?.answer&&m.answer.status<400?m:null,H=$=>$?.answer?.headers["Content-Type"]?.startsWith("image/");return o`<main class="page wide" id="main" tabindex="-1" aria-busy=${r.value&&!g?null:"true"}>
    <h1>${i("nav.playground")}</h1>
    <div class="two bench">
      <div>
        <form class="line" onSubmit=${$=>{$.preventDefault(),v({source:p.current?.value.trim()})}}>
          <label>${i("playground.source")}<input ref=${p} key=${t} defaultValue=${t} spellcheck=${!1} placeholder="alias://shop/cup"
            onChange=${$=>v({source:$.target.value.trim()})} /></label>
          <label class="short">${i("playground.format")}<select value=${a} onChange=${$=>v({format:$.target.value})}>
            ${(_.includes(a)?_:[..._,a]).map($=>o`<option value=${$}>${$||i("playground.negotiated")}</option>`)}</select></label>
        </form>
        <${ue} source=${t} onChoose=${$=>v({source:$})} />
        ${r.value&&o`<${G} options=${r.value} texts=${n} onChange=${$=>v({options:$})} />`}
      </div>
      <div class="stage">
        ${m&&!h&&o`<${ce} result=${m} />`}
        ${h&&o`<div class=${c.value?"sheet whole":"sheet"}>${d&&H(d)&&H(h)&&d.url?o`<${B} left=${d.url} right=${h.url} names=${["A","B"]} />`:o`<${ie} result=${h} onSides=${$=>{u.value=$}} />`}</div>
          ${d&&o`<${J} name="A" result=${d} sides=${null} />`}
          <${J} name=${d?"B":""} result=${h} sides=${u.value} other=${d} />
          <p class="actions">
            <button onClick=${()=>v({pin:V({options:n,format:a})})}>${i(s?"playground.pin_again":"playground.pin")}</button>
            ${s&&o`<button onClick=${()=>v({pin:""})}>${i("playground.unpin")}</button>`}
            <button aria-pressed=${c} onClick=${()=>{c.value=!c.value}}>${i("playground.pixels")}</button>
            <a class="button" href=${x(`/explain?url=${encodeURIComponent(h.url)}`)}>${i("playground.explain")}</a></p>
          <${N} wanted=${{source:t,options:n,format:a}} url=${h.url} sides=${u.value} />`}
      </div>
    </div>
  </main>`}export{je as Playground};

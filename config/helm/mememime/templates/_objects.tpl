{{/*
The objects are those of config/kubernetes, which is the folder `kubernetes` of this chart: templates read them and change what
the values say. docs/adr/0022-one-source-of-manifests.md says why.
*/}}

{{/* An object of a file, in the namespace of the release. Takes a list: the root, the file's name. */}}
{{- define "mememime.object" -}}
{{- $root := index . 0 -}}
{{- $file := printf "kubernetes/%s" (index . 1) -}}
{{- $object := $root.Files.Get $file | fromYaml -}}
{{- if not $object.metadata }}{{ fail (printf "the chart lacks %s: it was packaged without the folder config/kubernetes" $file) }}{{ end -}}
{{- $_ := set $object.metadata "namespace" $root.Release.Namespace -}}
{{- $_ := set $object.metadata "labels" (merge (dict "app.kubernetes.io/part-of" "mememime") ($object.metadata.labels | default dict)) -}}
{{- toYaml $object -}}
{{- end -}}

{{/* The text of a setting: numbers without an exponent, lists with commas. */}}
{{- define "mememime.text" -}}
{{- if kindIs "float64" . -}}
{{- if eq (float64 (int64 .)) . }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- else if kindIs "slice" . -}}
{{- join "," . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/*
The variables of a ConfigMap: those of the manifest, of further ones, and of the values, of which null takes one away. Takes a
list: the root, the file of the ConfigMap, further variables, settings by names without prefix, fields of the container.
*/}}
{{- define "mememime.variables" -}}
{{- $variables := (include "mememime.object" (list (index . 0) (index . 1)) | fromYaml).data -}}
{{- $variables = mergeOverwrite $variables (index . 2) -}}
{{- $settings := index . 3 | default dict -}}
{{- $cpu := dig "requests" "cpu" "" ((index . 4) | default dict) | toString -}}
{{- if and (hasKey $variables "MEMEMIME_WORKERS") (regexMatch "^[1-9][0-9]*$" $cpu) -}}
{{- $_ := set $variables "MEMEMIME_WORKERS" $cpu -}}
{{- end -}}
{{- range $name, $value := $settings -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $variables (printf "MEMEMIME_%s" $name) -}}
{{- else -}}
{{- $_ := set $variables (printf "MEMEMIME_%s" $name) (include "mememime.text" $value) -}}
{{- end -}}
{{- end -}}
{{- toYaml $variables -}}
{{- end -}}

{{/* What the component `resources` adds to the settings of the proxies. */}}
{{- define "mememime.addresses" -}}
{{- $variables := dict -}}
{{- if .Values.resources.enabled -}}
{{- range (.Files.Get "kubernetes/resources/kustomization.yaml" | fromYaml).patches -}}
{{- range .patch | fromYamlArray -}}
{{- $_ := set $variables (.path | base) .value -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $variables -}}
{{- end -}}

{{/* The variables of the proxies. */}}
{{- define "mememime.proxy.variables" -}}
{{- $addresses := include "mememime.addresses" . | fromYaml -}}
{{- include "mememime.variables" (list . "settings.yaml" $addresses .Values.settings .Values.container) -}}
{{- end -}}

{{/* The variables of the resource service. */}}
{{- define "mememime.resources.variables" -}}
{{- $service := .Values.resources -}}
{{- include "mememime.variables" (list . "resources/settings.yaml" dict $service.settings $service.container) -}}
{{- end -}}

{{/* Not empty where the resource service reads from a replica. */}}
{{- define "mememime.reads" -}}
{{- $variables := include "mememime.resources.variables" . | fromYaml -}}
{{- if has (get $variables "MEMEMIME_READ_ONLY" | lower) (list "true" "1" "t") }}true{{ end -}}
{{- end -}}

{{/* The variables of the workers of batch jobs, besides those of the proxies. */}}
{{- define "mememime.batch.variables" -}}
{{- include "mememime.variables" (list . "batch/settings.yaml" dict .Values.batch.settings .Values.batch.container) -}}
{{- end -}}

{{/* A ConfigMap. Takes a list: the root, its file, its variables. */}}
{{- define "mememime.configmap" -}}
{{- $object := include "mememime.object" (list (index . 0) (index . 1)) | fromYaml -}}
{{- $_ := set $object "data" (index . 2) -}}
{{- toYaml $object -}}
{{- end -}}

{{/*
A Deployment. Takes a list: the root, its file, the values of its service, its variables, whether an autoscaler sets the number
of its replicas, and whether its CPU request is the number of its workers.
*/}}
{{- define "mememime.deployment" -}}
{{- $root := index . 0 -}}
{{- $values := index . 2 -}}
{{- $variables := index . 3 -}}
{{- $object := include "mememime.object" (list $root (index . 1)) | fromYaml -}}
{{- if and (not (index . 4)) (not (kindIs "invalid" $values.replicas)) -}}
{{- $_ := set $object.spec "replicas" (int $values.replicas) -}}
{{- end -}}
{{- $template := $object.spec.template -}}
{{- $annotations := merge (dict "checksum/settings" (toYaml $variables | sha256sum)) ($values.podAnnotations | default dict) -}}
{{- $_ := set $template.metadata "annotations" $annotations -}}
{{- $pod := mergeOverwrite $template.spec ($values.pod | default dict) -}}
{{- with $root.Values.imagePullSecrets }}{{ $_ := set $pod "imagePullSecrets" . }}{{ end -}}
{{- with get $variables "MEMEMIME_GRACEFUL_STOP_TIMEOUT" -}}
{{- $_ := set $pod "terminationGracePeriodSeconds" (add (int .) 10) -}}
{{- end -}}
{{- $container := first $pod.containers -}}
{{- $image := $root.Values.image -}}
{{- $_ := set $container "image" (printf "%s:%s" $image.repository ($image.tag | default $root.Chart.AppVersion)) -}}
{{- with $image.digest }}{{ $_ := set $container "image" (printf "%s@%s" $image.repository .) }}{{ end -}}
{{- with $image.pullPolicy }}{{ $_ := set $container "imagePullPolicy" . }}{{ end -}}
{{- with $values.existingSecret -}}
{{- $secret := . -}}
{{- range $container.envFrom -}}
{{- if .secretRef }}{{ $_ := set .secretRef "name" $secret }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with $values.extraEnv }}{{ $_ := set $container "env" . }}{{ end -}}
{{- $given := $values.container | default dict -}}
{{- $needs := mergeOverwrite $container.resources $given -}}
{{- if and (index . 5) (hasKey $variables "MEMEMIME_WORKERS") (not (dig "requests" "cpu" "" $given)) -}}
{{- $_ := set $needs.requests "cpu" (get $variables "MEMEMIME_WORKERS") -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

{{/* An autoscaler. Takes a list: the root, its file, the values. */}}
{{- define "mememime.autoscaler" -}}
{{- $object := include "mememime.object" (list (index . 0) (index . 1)) | fromYaml -}}
{{- range $name, $value := omit (index . 2) "enabled" -}}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $object.spec $name $value }}{{ end -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

{{/* An Ingress. Takes a list: the root, its file, the values. */}}
{{- define "mememime.ingress" -}}
{{- $values := index . 2 -}}
{{- $object := include "mememime.object" (list (index . 0) (index . 1)) | fromYaml -}}
{{- with $values.annotations -}}
{{- $_ := set $object.metadata "annotations" (mergeOverwrite ($object.metadata.annotations | default dict) .) -}}
{{- end -}}
{{- with $values.className }}{{ $_ := set $object.spec "ingressClassName" . }}{{ end -}}
{{- with $values.host -}}
{{- $_ := set (first $object.spec.rules) "host" . -}}
{{- range $object.spec.tls }}{{ $_ := set . "hosts" (list $values.host) }}{{ end -}}
{{- end -}}
{{- with $values.tlsSecret -}}
{{- range $object.spec.tls }}{{ $_ := set . "secretName" $values.tlsSecret }}{{ end -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

{{/* A route of the Gateway API. Takes a list: the root, its file, the values. */}}
{{- define "mememime.route" -}}
{{- $object := include "mememime.object" (list (index . 0) (index . 1)) | fromYaml -}}
{{- range $name := list "parentRefs" "hostnames" -}}
{{- with get (index $ 2) $name }}{{ $_ := set $object.spec $name . }}{{ end -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

{{/*
A network policy with the cluster's names of namespaces. Takes a list: the root, its file, further rules for connections from
the pods.
*/}}
{{- define "mememime.policy" -}}
{{- $names := (index . 0).Values.networkPolicy -}}
{{- $renamed := dict "ingress-nginx" $names.ingressNamespace "monitoring" $names.monitoringNamespace -}}
{{- $object := include "mememime.object" (list (index . 0) (index . 1)) | fromYaml -}}
{{- range $object.spec.ingress -}}
{{- range .from -}}
{{- $labels := dig "namespaceSelector" "matchLabels" dict . -}}
{{- with get $labels "kubernetes.io/metadata.name" -}}
{{- with get $renamed . }}{{ $_ := set $labels "kubernetes.io/metadata.name" . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with index . 2 -}}
{{- $_ := set $object.spec "egress" (concat $object.spec.egress .) -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

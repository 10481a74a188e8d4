namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>Where a fleet's nodes are pods of StatefulSets.</summary>
public sealed record KubernetesFleetOptions
{
    /// <summary>The API server, as pods reach it.</summary>
    public Uri Server { get; init; } = new("https://kubernetes.default.svc");

    /// <summary>Folder of the service account: <c>token</c>, which is read anew for each request since it rotates, <c>ca.crt</c>, <c>namespace</c>.</summary>
    public string Account { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Namespace of the sets; null for the service account's own.</summary>
    public string? Namespace { get; init; }

    /// <summary>StatefulSet whose pods are nodes of prefill.</summary>
    public string PrefillSet { get; init; } = "orleansserve-prefill";

    /// <summary>StatefulSet whose pods are nodes of decode.</summary>
    public string DecodeSet { get; init; } = "orleansserve-decode";

    /// <summary>Label selector of the pods that need the machines of the pool.</summary>
    public string Pods { get; init; } = "app.kubernetes.io/name=orleansserve,app.kubernetes.io/component in (prefill,decode,expert)";

    /// <summary>Label selector of the machines that are lent to other work while no such pod is on them; null if none is lent.</summary>
    public string? Pool { get; init; }

    /// <summary>Label that a machine has while it is lent: <c>key=value</c>.</summary>
    public string LentLabel { get; init; } = "orleansserve/lent=research";

    /// <summary>How long one attempt of a request may take.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long to wait before another attempt where the server does not say.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Attempts of one request.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>Finds what is wrong.</summary>
    public IEnumerable<string> FindFaults()
    {
        if (Server.Scheme != Uri.UriSchemeHttps && !Server.IsLoopback)
        {
            yield return $"kubernetes.server must be https, is {Server}: a token is not sent in the clear";
        }

        foreach ((string name, string value) in new[] { ("prefill_set", PrefillSet), ("decode_set", DecodeSet), ("namespace", Namespace ?? "default") })
        {
            if (value.Length is 0 or > 253 || !value.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '.'))
            {
                yield return $"kubernetes.{name} must be a name of 1 to 253 lower-case letters, digits, '-' and '.', is '{value}'";
            }
        }

        if (PrefillSet == DecodeSet)
        {
            yield return $"kubernetes.prefill_set and kubernetes.decode_set must differ, both are '{PrefillSet}'";
        }

        if (LentLabel.Split('=') is not [{ Length: > 0 and <= 317 }, { Length: <= 63 }])
        {
            yield return $"kubernetes.lent_label must be key=value, is '{LentLabel}'";
        }
    }
}

using System.Net;
using System.Text.Json;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>The machines of the pool: which pods are on them, and which of them are lent.</summary>
internal sealed class KubernetesMachines(KubernetesFleetOptions options, KubernetesApi api)
{
    private const int PageSize = 500;
    private const int MostPages = 100;
    private const int Restarts = 3;

    private readonly string _key = options.LentLabel[..options.LentLabel.IndexOf('=', StringComparison.Ordinal)];
    private readonly string _value = options.LentLabel[(options.LentLabel.IndexOf('=', StringComparison.Ordinal) + 1)..];

    /// <summary>Lends machines without pods and takes back as many as pods are to come.</summary>
    /// <param name="wanted">Pods that the sets are about to be asked for.</param>
    /// <param name="changed">Told of each machine that changes hands, and whether it is lent now.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FleetUnchangeableException">The machines cannot be seen or labelled.</exception>
    public async Task LendAsync(FleetNodes wanted, Action<string, bool> changed, CancellationToken cancellation)
    {
        List<JsonElement> pods = await ListAsync($"/api/v1/namespaces/{api.Namespace}/pods", options.Pods, cancellation);
        List<JsonElement> nodes = await ListAsync("/api/v1/nodes", options.Pool!, cancellation);
        ILookup<string, JsonElement> placed = pods.Where(pod => pod.FindText("spec", "nodeName") is not null).ToLookup(pod => pod.Text("spec", "nodeName"), StringComparer.Ordinal);
        PoolMachine[] machines = [.. nodes.Select(node => (Node: node, Name: node.Text("metadata", "name"))).Select(node =>
            new PoolMachine(node.Name, placed[node.Name].Count(), node.Node.FindText("metadata", "labels", _key) == _value))];

        // Pods of other sets that wait need a machine as well.
        int waiting = pods.Count(pod => pod.FindText("spec", "nodeName") is null && !IsOf(pod, options.PrefillSet) && !IsOf(pod, options.DecodeSet));
        int coming = Missing(wanted.Prefill, options.PrefillSet) + Missing(wanted.Decode, options.DecodeSet) + waiting;
        (IReadOnlyList<string> lend, IReadOnlyList<string> takeBack) = MachineLending.Plan(machines, coming);
        foreach (string machine in takeBack)
        {
            await LabelAsync(machine, null, cancellation);
            changed(machine, false);
        }

        foreach (string machine in lend)
        {
            await LabelAsync(machine, _value, cancellation);
            changed(machine, true);
        }

        int Missing(int replicas, string set) => Math.Max(0, replicas - pods.Count(pod => IsOf(pod, set) && pod.FindText("spec", "nodeName") is not null && pod.Find("metadata", "deletionTimestamp") is null));
    }

    // A pod of a set is named by the set and its number.
    private static bool IsOf(JsonElement pod, string set) =>
        pod.Text("metadata", "name") is { } name && NodeOrdinal.Of(name) is not null && name[..name.LastIndexOf('-')] == set;

    private async Task LabelAsync(string machine, string? value, CancellationToken cancellation)
    {
        string body = JsonSerializer.Serialize(new { metadata = new { labels = new Dictionary<string, string?> { [_key] = value } } });
        KubernetesReply reply = await api.SendAsync(HttpMethod.Patch, $"/api/v1/nodes/{Uri.EscapeDataString(machine)}", body, cancellation);

        // A machine that has gone needs no label.
        if (reply.Status is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
        {
            throw new FleetUnchangeableException($"machine {machine} could not be labelled: {reply.Body.FindText("message") ?? reply.Status.ToString()}");
        }
    }

    /// <summary>Reads a list page by page. Where a page's place has been forgotten (410), the list begins anew.</summary>
    private async Task<List<JsonElement>> ListAsync(string path, string selector, CancellationToken cancellation)
    {
        List<JsonElement> items = [];
        string? next = null;
        int restarts = 0;
        for (int page = 1; ; page++)
        {
            string query = $"{path}?labelSelector={Uri.EscapeDataString(selector)}&limit={PageSize}{(next is null ? "" : $"&continue={Uri.EscapeDataString(next)}")}";
            KubernetesReply reply = await api.SendAsync(HttpMethod.Get, query, null, cancellation);
            if (reply.Status == HttpStatusCode.Gone && ++restarts <= Restarts)
            {
                (items, next, page) = ([], null, 0);
                continue;
            }

            if (reply.Status != HttpStatusCode.OK || reply.Body.Find("items") is not { ValueKind: JsonValueKind.Array } found)
            {
                throw new FleetUnchangeableException($"the API server does not list {path}: {reply.Body.FindText("message") ?? reply.Status.ToString()}");
            }

            items.AddRange(found.EnumerateArray());
            next = reply.Body.FindText("metadata", "continue");
            if (string.IsNullOrEmpty(next))
            {
                return items;
            }

            if (page >= MostPages)
            {
                throw new FleetUnchangeableException($"the API server lists more than {MostPages * PageSize} of {path}");
            }
        }
    }
}

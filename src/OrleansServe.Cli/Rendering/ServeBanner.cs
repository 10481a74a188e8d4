using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Cli.Rendering;

/// <summary>What `serve` says once it serves.</summary>
internal static class ServeBanner
{
    /// <summary>What is served, where, and two lines that try it.</summary>
    public static string Text(Terminal terminal, SiloHost host)
    {
        List<string> lines = [terminal.Bold($"Serving {TerminalText.OneLine(host.ModelName)}") + $" ({Model(host)})"];
        bool gateway = host.Roles.HasFlag(SiloRole.Gateway);
        if (host.IsOneOfSeveral)
        {
            lines.Add($"  silo  {TerminalText.OneLine(host.SiloName)} of several: {SiloRoleList.Format(host.Roles)}; whether it is ready: {host.HttpAddress}readyz");
        }

        if (gateway)
        {
            lines.Add($"  gRPC  {host.GrpcAddress}  orleansserve.v1.InferenceService, health, reflection");
        }

        lines.Add($"  HTTP  {host.HttpAddress}  /metrics /healthz /readyz");
        if ((host.Roles & (SiloRole.Prefill | SiloRole.Decode)) != 0)
        {
            lines.Add($"  KV    {Quantity.Exact(host.Kv.Tokens)} tokens in {Quantity.Exact(host.Kv.Blocks)} blocks, {Quantity.Bytes(host.Kv.Bytes)}, on each prefill and each decode worker (--kv-blocks)");
        }

        if (gateway)
        {
            lines.Add("Try it from another terminal:");
            lines.Add($"  ./orleansserve chat --url {host.GrpcAddress.GetLeftPart(UriPartial.Authority)}");
            lines.Add($"  grpcurl -plaintext -d '{{\"messages\":[{{\"role\":\"ROLE_USER\",\"content\":\"What is 347 + 285?\"}}],\"sampling\":{{\"temperature\":0}}}}' {host.GrpcAddress.Authority} orleansserve.v1.InferenceService/Chat");
        }

        lines.Add(terminal.Dim("Ctrl-C stops."));
        return string.Join('\n', lines);
    }

    /// <summary>Architecture, size and the beginning of the weights' fingerprint.</summary>
    public static string Model(SiloHost host) =>
        $"{host.Model.Architecture}, {Quantity.Count(host.Model.TotalParameters)} parameters, {Quantity.Count(host.Model.ActiveParameters)} active, {host.Model.NumberFormat} weights {host.WeightsFingerprint[..12]}";
}

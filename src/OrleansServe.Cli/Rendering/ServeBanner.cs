using OrleansServe.Silo.Hosting;

namespace OrleansServe.Cli.Rendering;

/// <summary>What `serve` says once it serves.</summary>
internal static class ServeBanner
{
    /// <summary>What is served, where, and two lines that try it.</summary>
    public static string Text(Terminal terminal, SiloHost host) => string.Join(
        '\n',
        terminal.Bold($"Serving {TerminalText.OneLine(host.ModelName)}") + $" ({Model(host)})",
        $"  gRPC  {host.GrpcAddress}  orleansserve.v1.InferenceService, health, reflection",
        $"  HTTP  {host.HttpAddress}  /metrics /healthz /readyz",
        $"  KV    {Quantity.Exact(host.Kv.Tokens)} tokens in {Quantity.Exact(host.Kv.Blocks)} blocks, {Quantity.Bytes(host.Kv.Bytes)}, on each prefill and each decode worker (--kv-blocks)",
        "Try it from another terminal:",
        $"  ./orleansserve chat --url {host.GrpcAddress.GetLeftPart(UriPartial.Authority)}",
        $"  grpcurl -plaintext -d '{{\"messages\":[{{\"role\":\"ROLE_USER\",\"content\":\"What is 347 + 285?\"}}],\"sampling\":{{\"temperature\":0}}}}' {host.GrpcAddress.Authority} orleansserve.v1.InferenceService/Chat",
        terminal.Dim("Ctrl-C stops."));

    /// <summary>Architecture, size and the beginning of the weights' fingerprint.</summary>
    public static string Model(SiloHost host) =>
        $"{host.Model.Architecture}, {Quantity.Count(host.Model.TotalParameters)} parameters, {Quantity.Count(host.Model.ActiveParameters)} active, {host.Model.NumberFormat} weights {host.WeightsFingerprint[..12]}";
}

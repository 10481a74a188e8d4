using System.Reflection;

using Prometheus;

namespace OrleansServe.Silo.Hosting;

/// <summary>Says which version of which model a silo runs, as the labels of a metric that is always 1: other metrics are joined with it.</summary>
public static class BuildInfo
{
    // Enough to tell models apart at a glance; the whole is in GetCluster.
    private const int FingerprintDigits = 12;

    /// <summary>Version of the program.</summary>
    public static string Version { get; } = typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Publishes the metric.</summary>
    /// <param name="factory">Where it is published.</param>
    /// <param name="node">Name of the silo.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="weights">SHA-256 of the weights, hexadecimal.</param>
    /// <param name="roles">What the silo does, comma-separated.</param>
    public static void Publish(IMetricFactory factory, string node, string model, string weights, string roles)
    {
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(weights);
        factory.CreateGauge("orleansserve_build_info", "Always 1; the labels say what the silo runs.", ["node", "model", "version", "weights", "roles"])
            .WithLabels(node, model, Version, weights[..Math.Min(weights.Length, FingerprintDigits)], roles)
            .Set(1);
    }
}

using System.Globalization;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Simulation.Demand;

namespace OrleansServe.Cli.Bench.Balancing;

/// <summary>How loads of experts are drawn when none were measured.</summary>
/// <param name="Name">As it is reported.</param>
/// <param name="Sigma">Deviation of the logarithm of a load, for the lognormal distribution; else 0.</param>
/// <param name="Exponent">Exponent of Zipf's law, whose ranks are dealt to the experts by chance; else 0.</param>
internal sealed record LoadDistribution(string Name, double Sigma, double Exponent)
{
    /// <summary>Tokens of a layer, on average; only ratios matter.</summary>
    private const double TokensPerExpert = 10_000;

    /// <summary>Largest change of a load that <see cref="Drift"/> makes, as a share of it.</summary>
    public const double MostDrift = 0.1;

    /// <summary>What is drawn without <c>--loads</c>.</summary>
    public static IReadOnlyList<LoadDistribution> All { get; } =
    [
        Lognormal(0.5),
        Lognormal(1),
        new("zipf 0.8", 0, 0.8),
    ];

    /// <summary>Draws layers.</summary>
    public double[][] Draw(ulong seed, int layers, int experts) => [.. Enumerable.Range(0, layers).Select(layer => DrawLayer(DrawPurpose.ExpertLoads.Draw(seed, (ulong)layer), experts))];

    /// <summary>The same loads some time later: each changed by a factor that is equally likely anywhere within <see cref="MostDrift"/> of 1.</summary>
    public static double[][] Drift(double[][] loads, ulong seed) => [.. loads.Select((row, layer) =>
    {
        SeededDraws draws = DrawPurpose.ExpertDrift.Draw(seed, (ulong)layer);
        return row.Select(load => Math.Round(load * (1 - MostDrift + (2 * MostDrift * draws.NextUnit())))).ToArray();
    })];

    private static LoadDistribution Lognormal(double sigma) => new(string.Create(CultureInfo.InvariantCulture, $"lognormal {sigma}"), sigma, 0);

    private double[] DrawLayer(SeededDraws draws, int experts)
    {
        double[] loads = new double[experts];
        for (int expert = 0; expert < experts; expert++)
        {
            loads[expert] = Sigma > 0 ? Math.Exp(Sigma * draws.NextNormal()) : Math.Pow(expert + 1, -Exponent);
        }

        double scale = TokensPerExpert * experts / loads.Sum();
        for (int i = experts - 1; i >= 0; i--)
        {
            int other = draws.Next(i + 1);
            (loads[i], loads[other]) = (loads[other], loads[i]);
        }

        return [.. loads.Select(load => Math.Round(load * scale))];
    }
}

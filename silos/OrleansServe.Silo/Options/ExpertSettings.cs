using System.Globalization;

namespace OrleansServe.Silo.Options;

/// <summary>The settings of <see cref="ExpertOptions"/>.</summary>
internal static class ExpertSettings
{
    public static IReadOnlyList<SiloSetting> All { get; } =
    [
        Of("ExpertSlots", "--expert-slots", "N", "Experts of each layer that a shard of this process holds; what is beyond its share holds replicas (default 0: its share)", (e, v) => e with { Slots = SiloSetting.Number(v, 0, 4096) }),
        Of("ExpertPlan", "--expert-plan", "FILE", "JSON file of the experts that each shard of the cluster begins with, [[0, 1], [2], …] (default: equal shares)", (e, v) => e with { Plan = ExpertPlanFile.Read(SiloSetting.Text(v)) }),
        Of("ExpertWaitMs", "--expert-wait-ms", "MS", "How long rows wait for an expert that no shard can compute, while it is loaded elsewhere (default 10000)", (e, v) => e with { Wait = TimeSpan.FromMilliseconds(SiloSetting.Number(v, 0, 300_000)) }),
        Of("ExpertLoadMb", "--expert-load-mb", "MB", "MB of experts that a shard loads in a second while it serves; 0 for no limit (default 256)", (e, v) => e with { LoadBytesPerSecond = (long)SiloSetting.Number(v, 0, 1_000_000) << 20 }),
        Of("RebalanceSeconds", "--rebalance-seconds", "N", "How often experts' loads are looked at; 0 moves none for its load (default 300)", (e, v) => e with { RebalancePeriod = TimeSpan.FromSeconds(SiloSetting.Number(v, 0, 86_400)) }),
        Of("RebalanceGain", "--rebalance-gain", "SHARE", "By how much the busiest shards' load has to fall for experts to be moved (default 0.05)", (e, v) => e with { RebalanceGain = Number(v, 10) }),
        Of("RebalanceMoves", "--rebalance-moves", "SHARE", "Share of each layer's experts that are moved at once at most (default 0.1)", (e, v) => e with { RebalanceMoves = Number(v, 1) }),
        Of("ExpertRetireSeconds", "--expert-retire-seconds", "N", "How long shards keep experts that only the plan before wants (default 10)", (e, v) => e with { RetireDelay = TimeSpan.FromSeconds(SiloSetting.Number(v, 1, 3600)) }),
    ];

    private static SiloSetting Of(string key, string flag, string value, string help, Func<ExpertOptions, string, ExpertOptions> apply) =>
        new(key, flag, value, help, (options, text) => options with { Experts = apply(options.Experts, text) });

    private static double Number(string text, int high) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && value <= high
            ? value
            : throw new FormatException($"must be a number in 0..{high}, not '{text}'");
}

using Microsoft.Extensions.Options;

namespace OrleansServe.Grains.Options;

/// <summary>Lists every fault of <see cref="WorkerOptions"/>.</summary>
internal sealed class WorkerOptionsValidator : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        List<string> faults = [];
        if (options.Node.Length == 0 || options.Node.Contains('/', StringComparison.Ordinal))
        {
            faults.Add($"{nameof(options.Node)} must be a name without a slash, not '{options.Node}'.");
        }

        OptionRange.Check(faults, nameof(options.PrefillWorkers), options.PrefillWorkers, 0, 64);
        OptionRange.Check(faults, nameof(options.DecodeWorkers), options.DecodeWorkers, 0, 64);
        OptionRange.Check(faults, nameof(options.ExpertShards), options.ExpertShards, 0, 64);
        OptionRange.Check(faults, nameof(options.ClusterExpertShards), options.ClusterExpertShards, 0, 4096);
        OptionRange.Check(faults, nameof(options.FirstExpertShard), options.FirstExpertShard, 0, 4096);
        if (options.ExpertShards > 0 && options.ClusterExpertShards == 0)
        {
            faults.Add($"{nameof(options.ExpertShards)} must be 0 where {nameof(options.ClusterExpertShards)} is, not {options.ExpertShards}.");
        }

        if (options.FirstExpertShard < options.ClusterExpertShards && options.FirstExpertShard + options.ExpertShards > options.ClusterExpertShards)
        {
            faults.Add(
                $"{nameof(options.ExpertShards)} must be at most {options.ClusterExpertShards - options.FirstExpertShard}, not {options.ExpertShards}: "
                + $"{nameof(options.FirstExpertShard)} is {options.FirstExpertShard} of {nameof(options.ClusterExpertShards)} {options.ClusterExpertShards}.");
        }

        OptionRange.Check(faults, nameof(options.ExpertSlots), options.ExpertSlots, 0, 4096);
        OptionRange.Check(faults, nameof(options.ExpertLoadBytesPerSecond), options.ExpertLoadBytesPerSecond, 0, 1L << 40);
        if (options.ExpertPlan.Count > 0 && options.ExpertPlan.Count != options.ClusterExpertShards)
        {
            faults.Add($"{nameof(options.ExpertPlan)} must be of {options.ClusterExpertShards} shards, not of {options.ExpertPlan.Count}.");
        }

        OptionRange.Check(faults, nameof(options.KvBlocks), options.KvBlocks, 1, 1 << 24);
        OptionRange.Check(faults, nameof(options.MaxBatchTokens), options.MaxBatchTokens, 1, 1 << 16);
        OptionRange.Check(faults, nameof(options.MaxRequests), options.MaxRequests, 1, 1 << 16);
        OptionRange.Check(faults, nameof(options.Threads), options.Threads, 0, 1024);
        OptionRange.Check(faults, nameof(options.OverlapRows), options.OverlapRows, 0, 1 << 16);
        OptionRange.Check(faults, nameof(options.SpeculativeTokens), options.SpeculativeTokens, 0, 8);
        OptionRange.Check(faults, nameof(options.DraftBreakEvenRows), options.DraftBreakEvenRows, 1, 1 << 16);
        OptionRange.Check(faults, nameof(options.TicketLifetime), options.TicketLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        OptionRange.Check(faults, nameof(options.TransferTimeout), options.TransferTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5));
        OptionRange.Check(faults, nameof(options.ExpertTimeout), options.ExpertTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5));
        OptionRange.Check(faults, nameof(options.ExpertWait), options.ExpertWait, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        OptionRange.Check(faults, nameof(options.DrainLimit), options.DrainLimit, TimeSpan.Zero, TimeSpan.FromDays(1));
        OptionRange.Check(faults, nameof(options.ReportInterval), options.ReportInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1));
        OptionRange.Check(faults, nameof(options.MinReportInterval), options.MinReportInterval, TimeSpan.Zero, options.ReportInterval);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}

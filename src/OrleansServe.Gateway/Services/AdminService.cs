using System.Collections.Immutable;
using System.Globalization;
using Grpc.Core;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Ledgers;
using OrleansServe.Gateway.Wire;
using OrleansServe.Policies.Pricing;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Services;

/// <summary>The admin API.</summary>
/// <param name="reader">Reads ledgers and the meter.</param>
/// <param name="time">The clock.</param>
internal sealed class AdminService(UsageReader reader, TimeProvider time) : StrictAdminServiceBase
{
    private const int MostEntries = 100_000;

    /// <inheritdoc/>
    public override Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context) => AnswerAsync(async () =>
    {
        HourSpan hours = HourSpan.Read(request.Hours, time.GetUtcNow());
        HourSpan.RequireTenant(request.Tenant);
        ImmutableArray<HourUsage> usage = await reader.ReadAsync(request.Tenant, hours.From, hours.To, context.CancellationToken);
        if (usage.Length > MostEntries)
        {
            throw RequestRejectedException.Invalid($"hours must have at most {MostEntries} entries, these have {usage.Length}: ask for fewer hours, or for one tenant.");
        }

        GetUsageResponse response = new();
        response.Entries.AddRange(usage.Select(entry => new UsageEntry
        {
            Tenant = entry.Tenant,
            Model = entry.Model,
            HourSeconds = entry.Hour.ToUnixTimeSeconds(),
            Requests = entry.Requests,
            CacheHitTokens = entry.CacheHit,
            CacheMissTokens = entry.CacheMiss,
            OutputTokens = entry.Output,
            ReasoningTokens = entry.Reasoning,
            IncomeUsd = Text(entry.Income),
        }));
        return response;
    });

    /// <inheritdoc/>
    public override Task<GetEconomicsResponse> GetEconomics(GetEconomicsRequest request, ServerCallContext context) => AnswerAsync(async () =>
    {
        HourSpan hours = HourSpan.Read(request.Hours, time.GetUtcNow());
        ImmutableArray<Economics> entries = Economics.ByHour(
            reader.Model,
            await reader.ReadCostsAsync(hours.From, hours.To, context.CancellationToken),
            await reader.ReadAsync(string.Empty, hours.From, hours.To, context.CancellationToken));
        GetEconomicsResponse response = new();
        response.Entries.AddRange(entries.Select(Entry));
        response.Totals.AddRange(Economics.Totals(entries).Select(Entry));
        return response;
    });

    private static async Task<T> AnswerAsync<T>(Func<Task<T>> answer)
    {
        try
        {
            return await answer();
        }
        catch (RequestRejectedException rejection)
        {
            throw new RpcException(new Status(rejection.Status, rejection.Message));
        }
        catch (GrainUnreachableException unreachable)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, unreachable.Message));
        }
    }

    private static EconomicsEntry Entry(Economics entry) => new()
    {
        Model = entry.Model,
        HourSeconds = entry.Hour?.ToUnixTimeSeconds() ?? 0,
        NodeHours = Text((decimal)entry.NodeTime.Ticks / TimeSpan.TicksPerHour),
        CostUsd = Text(entry.Cost),
        IncomeUsd = Text(entry.Income),
        Margin = Margin.Of(entry.Income, entry.Cost) is { } margin ? Text(margin) : string.Empty,
    };

    // Without the zeros that sums of unlike scales leave at the end.
    private static string Text(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);
}

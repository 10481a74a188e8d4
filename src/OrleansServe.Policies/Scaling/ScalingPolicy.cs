using System.Globalization;

namespace OrleansServe.Policies.Scaling;

/// <summary>
/// Decides how many units of prefill and decode a fleet has: as many as the demand measured now and expected until a unit started now would serve, at the utilisation that the
/// service classes ask for, within the limits of the hour. Adds at once; takes away only what will not be needed for longer than it takes to come back.
/// </summary>
/// <remarks>
/// Pure: a decision is a function of options, state, observation and time. Never takes away what is under way, nor anything after the clock was set or while reports are
/// missing. docs/simulation.md says how the forecast works and what was measured.
/// </remarks>
public sealed class ScalingPolicy
{
    private const int IntervalsForAJump = 10;
    private static readonly TimeSpan LeastJump = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    // Demand below this share of a unit is as good as none when days are compared.
    private const double SmallShare = 0.05;

    private readonly ScalingOptions _options;
    private readonly LocalClock _clock;
    private readonly GpuPrices _prices;
    private readonly TimeSpan _lead;

    /// <param name="options">How the fleet scales.</param>
    /// <exception cref="ArgumentException">Options are wrong; every fault is listed.</exception>
    public ScalingPolicy(ScalingOptions options)
    {
        IReadOnlyList<string> faults = ScalingOptionsValidator.FindFaults(options);
        if (faults.Count > 0 || !LocalClock.TryFind(options.TimeZone, out LocalClock? clock))
        {
            throw new ArgumentException(string.Join("; ", faults), nameof(options));
        }

        (_options, _clock, _prices) = (options, clock, new GpuPrices(options));

        // Until the units that the next decision can still ask for would serve.
        _lead = options.StartUp + options.DecisionInterval;
    }

    /// <summary>Decides.</summary>
    /// <param name="state">What the last decision said to remember; a new one at first.</param>
    /// <param name="observation">What is known of the fleet; null if nothing is.</param>
    /// <param name="now">The time.</param>
    public ScalingDecision Decide(ScalingState state, FleetObservation? observation, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        bool jumped = state.At is { } last && (now < last || now - last > MostGap);
        ScalingState next = Rewind(state, now, jumped);
        FleetObservation? seen = IsCurrent(observation, now) ? observation : null;
        bool isNew = seen is not null && !(state.Observed is { } before && seen.At <= before && seen.At > before - MostGap);
        string? hold = seen is null ? "there is no current report"
            : !isNew ? "there is no new report"
            : next.HoldUntil is { } until && now < until ? string.Create(CultureInfo.InvariantCulture, $"the clock was set; until {until.UtcDateTime:HH:mm} UTC its time has to prove itself")
            : null;
        bool counts = isNew && !jumped;
        (RoleDecision prefill, RoleScalingState prefillState, string source) = DecideRole(_options.Prefill, next.Prefill, seen, seen?.Prefill, window => (window.PrefillMinimum, window.PrefillMaximum), counts, hold, now);
        (RoleDecision decode, RoleScalingState decodeState, _) = DecideRole(_options.Decode, next.Decode, seen, seen?.Decode, window => (window.DecodeMinimum, window.DecodeMaximum), counts, hold, now);
        long nodes = ((long)prefill.Units * _options.Prefill.NodesPerUnit) + ((long)decode.Units * _options.Decode.NodesPerUnit);
        decimal cost = nodes * _options.GpusPerNode * _prices.At(now);
        string reason = string.Create(CultureInfo.InvariantCulture, $"prefill {prefill.Reason}; decode {decode.Reason}; demand expected {source}; {nodes} nodes cost ${cost:0.00} an hour{(hold is null ? "" : $"; nothing is taken away: {hold}")}");
        return new ScalingDecision(prefill, decode, cost, reason, next with { At = now, Observed = counts ? seen!.At : next.Observed, Prefill = prefillState, Decode = decodeState });
    }

    private TimeSpan MostGap => TimeSpan.FromTicks(Math.Max(LeastJump.Ticks, _options.DecisionInterval.Ticks * IntervalsForAJump));

    private (RoleDecision Decision, RoleScalingState State, string Source) DecideRole(
        RoleScaling role,
        RoleScalingState state,
        FleetObservation? observation,
        RoleObservation? seen,
        Func<ScheduleWindow, (int? Minimum, int? Maximum)> ofWindow,
        bool counts,
        string? hold,
        DateTimeOffset now)
    {
        (ClassScaling Target, ClassLoad Load, bool Counted)[] classes = seen is null ? [] :
        [
            (_options.Interactive, seen.Interactive, IsDue(_options.Interactive, seen.Interactive, now)),
            (_options.Standard, seen.Standard, IsDue(_options.Standard, seen.Standard, now)),
            (_options.Batch, seen.Batch, IsDue(_options.Batch, seen.Batch, now)),
        ];
        if (counts)
        {
            state = LoadMeter.Learn(state, role, seen!, classes, observation!.At, observation.Window, _options.HistoryDays);
        }
        else if (state.Capacity <= 0)
        {
            state = state with { Capacity = role.InitialCapacity };
        }

        DemandForecast forecast = new(state.History, _clock, state.Demand ?? 0, SmallShare * state.Capacity, now, _options.HistoryDays);
        TimeSpan keep = _lead + (_options.ScaleInCoolDown * Math.Pow(2, state.Regrets));
        RoleNeed need = RoleNeed.Of(state, forecast, seen, QueueRate(classes, observation), _options.KvUse, now, _lead, keep);
        UnitLimits limits = UnitLimits.Of(role, _options.Schedule, ofWindow, _clock, now, _lead);
        (RoleDecision decision, RoleScalingState planned) = RolePlanner.Plan(_options, role, state, seen, need, limits, hold, now);
        return (decision, planned, forecast.Source);
    }

    /// <summary>Tokens a second that work off, while units start, what has queued beyond half of the class's target.</summary>
    private double QueueRate(ReadOnlySpan<(ClassScaling Target, ClassLoad Load, bool Counted)> classes, FleetObservation? observation)
    {
        double excess = 0;
        double demand = 0;
        foreach ((ClassScaling target, ClassLoad load, bool counted) in classes)
        {
            if (counted)
            {
                double rate = load.ArrivedTokens / observation!.Window.TotalSeconds;
                excess += Math.Max(0, load.QueuedTokens - (rate * target.FirstToken.TotalSeconds / 2));
                demand += rate;
            }
        }

        double rateOff = excess / Math.Max(60, _options.StartUp.TotalSeconds);

        // What piled up long ago is worked off with as much again as comes in, not with a fleet of any size.
        return demand > 0 ? Math.Min(rateOff, demand) : rateOff;
    }

    /// <summary>Whether a class's work is to be served now rather than in a cheaper hour that it can wait for.</summary>
    private bool IsDue(ClassScaling target, ClassLoad load, DateTimeOffset now) =>
        target.Deferral <= TimeSpan.Zero || load.OldestWait >= target.Deferral || _prices.Cheapest(now, target.Deferral - load.OldestWait) >= _prices.At(now);

    private bool IsCurrent(FleetObservation? observation, DateTimeOffset now) =>
        observation is not null
        && observation.Window > TimeSpan.Zero
        && now - observation.At <= _options.ReportTimeout
        && observation.At - now <= Tolerance
        && IsSane(observation.Prefill)
        && IsSane(observation.Decode);

    private static bool IsSane(RoleObservation seen)
    {
        double[] numbers =
        [
            seen.Interactive.ArrivedTokens, seen.Interactive.QueuedTokens, seen.Standard.ArrivedTokens, seen.Standard.QueuedTokens,
            seen.Batch.ArrivedTokens, seen.Batch.QueuedTokens, seen.ServedTokens, seen.BusyUnitSeconds, seen.InFlightUnits, seen.KvUse,
        ];
        return Array.TrueForAll(numbers, number => double.IsFinite(number) && number >= 0)
            && seen is { Ready: >= 0, Starting: >= 0, Unschedulable: >= 0, Unreported: >= 0 };
    }

    /// <summary>After the clock was set, times that are still to come are those of now, and nothing is taken away for a while.</summary>
    private ScalingState Rewind(ScalingState state, DateTimeOffset now, bool jumped) => jumped
        ? state with
        {
            HoldUntil = now + _lead + _options.ScaleInCoolDown,
            Prefill = Rewind(state.Prefill, now),
            Decode = Rewind(state.Decode, now),
        }
        : state;

    private static RoleScalingState Rewind(RoleScalingState state, DateTimeOffset now) => state with
    {
        Grown = state.Grown > now ? now : state.Grown,
        Shrunk = state.Shrunk > now ? now : state.Shrunk,
    };
}

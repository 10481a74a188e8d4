namespace OrleansServe.Grains.Instruments;

/// <summary>Names of the metrics that silos publish; units are part of the name.</summary>
internal static class MetricNames
{
    public const string EngineStepSeconds = "orleansserve_engine_step_seconds";
    public const string EngineTokens = "orleansserve_engine_tokens_total";
    public const string EngineBatchSize = "orleansserve_engine_batch_size";
    public const string DraftSeconds = "orleansserve_draft_seconds";
    public const string DraftTokens = "orleansserve_draft_tokens_total";
    public const string DraftTokensAccepted = "orleansserve_draft_tokens_accepted_total";
    public const string StreamSteps = "orleansserve_stream_steps_total";
    public const string StreamTokens = "orleansserve_stream_tokens_total";
    public const string KvBlocksTotal = "orleansserve_kv_blocks_total";
    public const string KvBlocksUsed = "orleansserve_kv_blocks_used";
    public const string KvBlocksCached = "orleansserve_kv_blocks_cached";
    public const string PrefixCacheHitTokens = "orleansserve_prefix_cache_hit_tokens_total";
    public const string ServedTokens = "orleansserve_served_tokens_total";
    public const string Preemptions = "orleansserve_preemptions_total";
    public const string RecomputedTokens = "orleansserve_recomputed_tokens_total";
    public const string WorkerRequestsRunning = "orleansserve_worker_requests_running";
    public const string WorkerRequestsQueued = "orleansserve_worker_requests_queued";
    public const string WorkerQueuedTokens = "orleansserve_worker_queued_tokens";
    public const string ModelBytesRead = "orleansserve_model_bytes_read_total";
    public const string ExpertRows = "orleansserve_expert_rows_total";
    public const string ExpertBatchSeconds = "orleansserve_expert_batch_seconds";
    public const string ExpertsLoaded = "orleansserve_experts_loaded_total";
    public const string ExpertLoadedBytes = "orleansserve_expert_loaded_bytes_total";
    public const string ExpertDispatchSeconds = "orleansserve_expert_dispatch_seconds";
    public const string ExpertCombineSeconds = "orleansserve_expert_combine_seconds";
    public const string ExpertAwaySeconds = "orleansserve_expert_away_seconds_total";
    public const string ExpertRecoverySeconds = "orleansserve_expert_recovery_seconds";
    public const string ExpertDispatchedRows = "orleansserve_expert_dispatched_rows_total";
    public const string ExpertDispatchedBytes = "orleansserve_expert_dispatched_bytes_total";
    public const string ExpertRetriedRows = "orleansserve_expert_retried_rows_total";
    public const string ExpertPlanEpoch = "orleansserve_expert_plan_epoch";
    public const string ExpertPlans = "orleansserve_expert_plans_total";
    public const string ExpertReplicasMoved = "orleansserve_expert_replicas_moved_total";
    public const string ExpertBalancedness = "orleansserve_expert_balancedness";
    public const string ExpertHottestRatio = "orleansserve_expert_hottest_ratio";
    public const string SchedulerQueuedRequests = "orleansserve_scheduler_queued_requests";
    public const string SchedulerAdmissions = "orleansserve_scheduler_admissions_total";
    public const string SchedulerWorkers = "orleansserve_scheduler_workers";
    public const string FleetUnitsWanted = "orleansserve_fleet_units_wanted";
    public const string FleetUnits = "orleansserve_fleet_units";
    public const string FleetDecisions = "orleansserve_fleet_decisions_total";
    public const string FleetUnchangeable = "orleansserve_fleet_unchangeable";
    public const string FleetCost = "orleansserve_fleet_cost_usd_per_hour";
}

namespace RaftActors.Dcf;

/// <summary>How a stream is worked (DCF: <c>dcf_work_mode_t</c>).</summary>
public enum DcfWorkMode
{
    /// <summary>By its quorums.</summary>
    Normal = 0,

    /// <summary>By the few that are left: a forced recovery, which may lose acknowledged writes.</summary>
    Minority = 1,
}

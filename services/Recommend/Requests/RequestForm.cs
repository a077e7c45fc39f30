namespace Recommender.Recommend.Requests;

/// <summary>Which parameters a GET request may have; each form has those of the one before.</summary>
internal enum RequestForm
{
    /// <summary>A list that is the same for everyone: count, category, tag, exclude, cursor.</summary>
    List,

    /// <summary>A list of an item: also placement, explain, reasons.</summary>
    ItemList,

    /// <summary>A list of a user: also sessionId.</summary>
    UserList,

    /// <summary>Recommendations: also includeSeen, diversity.</summary>
    Recommendations,
}

extension State {
  /// All fifty. Cities (and a few towns) whose names many would take for a place in another state are left out, and
  /// so are capitals: no question about a city has two answers.
  public static let all: [State] = [
    State("Alabama", "Montgomery", "AL", .south, ["Birmingham", "Mobile", "Tuscaloosa", "Selma"]),
    State("Alaska", "Juneau", "AK", .west, ["Anchorage", "Fairbanks", "Sitka", "Nome"]),
    State("Arizona", "Phoenix", "AZ", .west, ["Tucson", "Mesa", "Tempe", "Flagstaff", "Yuma"]),
    State("Arkansas", "Little Rock", "AR", .south, ["Bentonville", "Jonesboro", "Springdale", "Searcy"]),
    State(
      "California", "Sacramento", "CA", .west, ["Oakland", "Fresno", "Anaheim", "Berkeley", "Bakersfield"]),
    State("Colorado", "Denver", "CO", .west, ["Boulder", "Pueblo", "Aspen", "Greeley"]),
    State("Connecticut", "Hartford", "CT", .northeast, ["Bridgeport", "Stamford", "Waterbury", "Danbury"]),
    State("Delaware", "Dover", "DE", .south, ["Lewes", "Seaford", "Harrington"]),
    State("Florida", "Tallahassee", "FL", .south, ["Miami", "Tampa", "Orlando", "Pensacola", "Sarasota"]),
    State("Georgia", "Atlanta", "GA", .south, ["Savannah", "Macon", "Valdosta", "Alpharetta"]),
    State("Hawaii", "Honolulu", "HI", .west, ["Hilo", "Kailua", "Lahaina"]),
    State("Idaho", "Boise", "ID", .west, ["Nampa", "Pocatello", "Rexburg", "Ketchum"]),
    State(
      "Illinois", "Springfield", "IL", .midwest, ["Chicago", "Rockford", "Evanston", "Joliet", "Naperville"]),
    State("Indiana", "Indianapolis", "IN", .midwest, ["Gary", "Evansville", "Muncie", "Kokomo", "Elkhart"]),
    State("Iowa", "Des Moines", "IA", .midwest, ["Davenport", "Dubuque", "Ames", "Ottumwa"]),
    State("Kansas", "Topeka", "KS", .midwest, ["Wichita", "Salina", "Olathe", "Leavenworth"]),
    State("Kentucky", "Frankfort", "KY", .south, ["Louisville", "Paducah", "Owensboro", "Bardstown"]),
    State("Louisiana", "Baton Rouge", "LA", .south, ["Shreveport", "Houma", "Natchitoches", "Slidell"]),
    State("Maine", "Augusta", "ME", .northeast, ["Bangor", "Biddeford", "Caribou", "Saco"]),
    State("Maryland", "Annapolis", "MD", .south, ["Baltimore", "Rockville", "Frederick", "Hagerstown"]),
    State("Massachusetts", "Boston", "MA", .northeast, ["Worcester", "Lowell", "Brockton", "Pittsfield"]),
    State("Michigan", "Lansing", "MI", .midwest, ["Detroit", "Flint", "Dearborn", "Kalamazoo", "Saginaw"]),
    State("Minnesota", "Saint Paul", "MN", .midwest, ["Minneapolis", "Duluth", "Mankato", "Hibbing"]),
    State(
      "Mississippi", "Jackson", "MS", .south, ["Biloxi", "Gulfport", "Tupelo", "Hattiesburg", "Natchez"]),
    State("Missouri", "Jefferson City", "MO", .midwest, ["Branson", "Joplin", "Independence", "Sedalia"]),
    State("Montana", "Helena", "MT", .west, ["Billings", "Missoula", "Bozeman", "Butte"]),
    State("Nebraska", "Lincoln", "NE", .midwest, ["Omaha", "Kearney", "Scottsbluff", "Ogallala"]),
    State("Nevada", "Carson City", "NV", .west, ["Reno", "Elko", "Sparks", "Winnemucca"]),
    State("New Hampshire", "Concord", "NH", .northeast, ["Nashua", "Keene", "Laconia"]),
    State("New Jersey", "Trenton", "NJ", .northeast, ["Hoboken", "Paterson", "Hackensack", "Passaic"]),
    State("New Mexico", "Santa Fe", "NM", .west, ["Albuquerque", "Gallup", "Alamogordo", "Hobbs"]),
    State(
      "New York", "Albany", "NY", .northeast, ["Buffalo", "Yonkers", "Ithaca", "Poughkeepsie", "Schenectady"]),
    State("North Carolina", "Raleigh", "NC", .south, ["Charlotte", "Greensboro", "Asheville", "Durham"]),
    State("North Dakota", "Bismarck", "ND", .midwest, ["Fargo", "Minot", "Williston"]),
    State("Ohio", "Columbus", "OH", .midwest, ["Cleveland", "Cincinnati", "Toledo", "Akron", "Dayton"]),
    State("Oklahoma", "Oklahoma City", "OK", .south, ["Tulsa", "Norman", "Lawton", "Enid", "Muskogee"]),
    State("Oregon", "Salem", "OR", .west, ["Eugene", "Bend", "Corvallis", "Beaverton"]),
    State(
      "Pennsylvania", "Harrisburg", "PA", .northeast,
      ["Philadelphia", "Pittsburgh", "Allentown", "Scranton", "Erie"]),
    State("Rhode Island", "Providence", "RI", .northeast, ["Cranston", "Pawtucket", "Woonsocket"]),
    State("South Carolina", "Columbia", "SC", .south, ["Spartanburg", "Sumter", "Clemson", "Orangeburg"]),
    State("South Dakota", "Pierre", "SD", .midwest, ["Deadwood", "Yankton", "Sturgis", "Brookings"]),
    State("Tennessee", "Nashville", "TN", .south, ["Memphis", "Knoxville", "Chattanooga", "Murfreesboro"]),
    State("Texas", "Austin", "TX", .south, ["Dallas", "Houston", "Laredo", "Lubbock", "Amarillo"]),
    State("Utah", "Salt Lake City", "UT", .west, ["Provo", "Ogden", "Moab", "Orem"]),
    State("Vermont", "Montpelier", "VT", .northeast, ["Rutland", "Barre", "Winooski", "Vergennes"]),
    State("Virginia", "Richmond", "VA", .south, ["Roanoke", "Charlottesville", "Lynchburg", "Chesapeake"]),
    State("Washington", "Olympia", "WA", .west, ["Seattle", "Spokane", "Tacoma", "Yakima"]),
    State("West Virginia", "Charleston", "WV", .south, ["Morgantown", "Wheeling", "Parkersburg", "Beckley"]),
    State(
      "Wisconsin", "Madison", "WI", .midwest, ["Milwaukee", "Racine", "Kenosha", "Oshkosh", "Sheboygan"]),
    State("Wyoming", "Cheyenne", "WY", .west, ["Casper", "Laramie", "Cody", "Gillette"]),
  ]
}
